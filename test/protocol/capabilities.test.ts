import { describe, expect, it } from 'vitest';
import { agreeBy, knownCapabilities, knownOf, noAgreement } from '../../shared/protocol/capabilities.js';
import { Link } from '../../shared/protocol/link.js';
import { decodeMessage, encodeMessage, forMany } from '../../shared/protocol/message-codec.js';
import { definitionOf, definitions, type Message, type MessageName } from '../../shared/protocol/messages.js';
import { SessionCodec } from '../../shared/protocol/session-codec.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { goldenMessages } from './golden-messages.js';

const golden = {
  hello: goldenMessages['hello to train, first time'] as Message<'hello'>,
  welcome: goldenMessages.welcome as Message<'welcome'>,
};
const ready: Message<'ready'> = { type: 'ready', samples: 7, testSamples: 3, software: 'Tandem 0.3, Node 27' };
/** What a reader finds of the fields that were left out. */
const unnamed = { toPredict: null, classes: null, columns: null, coding: null };
const agreed = { offered: ['software'], agreed: ['software'] };

/** Two ends of a session that has begun with these names. */
function session(client: readonly string[], server: readonly string[]) {
  const [below, above] = [new SessionCodec(), new SessionCodec()];
  above.decode(below.encode({ ...golden.hello, capabilities: client }));
  below.decode(above.encode({ ...golden.welcome, capabilities: server }));
  return { below, above };
}

describe('a capability', () => {
  it.each([
    [['software'], ['software'], ['software']],
    [['later', 'software', 'x'], ['software', 'other'], ['software']],
    [['software'], [], []],
    [[], ['software'], []],
    [['later'], ['later'], ['later']],
  ])('is agreed where both name it: %o and %o', (client, server, expected) => {
    const { below, above } = session(client, server);
    expect([below.agreed, above.agreed]).toEqual([expected, expected]);
  });

  it('lets its fields through where it is agreed, and leaves them out where not', () => {
    const both = session(['software'], ['software']);
    expect(both.above.decode(both.below.encode(ready))).toEqual({ ...ready, ...unnamed });
    const one = session(['software'], []);
    expect(one.above.decode(one.below.encode(ready))).toEqual({ ...ready, ...unnamed, software: null });
  });

  it('is named, as is the field, where one comes without it', () => {
    const { above } = session([], ['software']);
    expect(() => above.decode(encodeMessage(ready, agreed))).toThrow(
      "field ready.software belongs to the capability 'software', which the two sides have not both named",
    );
    expect(() => above.decode(encodeMessage(ready, agreed))).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }));
  });

  it('has fields that may be left out or nil, both null to who reads', () => {
    const { software: _, ...without } = ready;
    for (const message of [without, { ...ready, software: null }]) {
      const bytes = encodeMessage(message, agreed);
      expect(bytes).toEqual(encodeMessage(without));
      expect(decodeMessage(bytes, agreed)).toEqual({ ...ready, ...unnamed, software: null });
    }
  });

  it('has fields with bounds of their own', () => {
    expect(() => encodeMessage({ ...ready, software: 'x'.repeat(301) }, agreed)).toThrow(/ready\.software/);
  });

  it('does not mix up the bytes of a message that goes to many', () => {
    const message = forMany(ready);
    expect(decodeMessage(encodeMessage(message, agreed), agreed)).toEqual({ ...ready, ...unnamed });
    expect(decodeMessage(encodeMessage(message))).toEqual({ ...ready, ...unnamed, software: null });
    expect(encodeMessage(message, agreed)).toBe(encodeMessage(message, agreed));
  });

  it('is agreed on a plain link as well', async () => {
    const [left, right] = loopbackPair();
    const [client, server] = [new Link(left), new Link(right)];
    client.send({ ...golden.hello, capabilities: ['software', 'unheard-of'] });
    const messages = server.messages();
    await messages.next();
    server.send(golden.welcome);
    await client.messages().next();
    client.send(ready);
    expect((await messages.next()).value).toEqual({ ...ready, ...unnamed });
    expect(client.agreed).toEqual(['software']);
  });
});

describe('the capabilities of this version', () => {
  const names = Object.keys(definitions) as MessageName[];

  it('are those of its messages and fields', () => {
    expect(knownCapabilities).toContain('software');
    expect(knownOf(['nothing', ...knownCapabilities])).toEqual(knownCapabilities);
    expect(knownCapabilities.every((name) => /^[a-z][a-z-]{0,39}$/.test(name))).toBe(true);
  });

  it('have no field in what opens a link, before it is known what was agreed, nor in what agrees on them', () => {
    const openings = (['hello', 'resume'] as const).flatMap((name) => Object.values(definitionOf(name).fields));
    const fields = [...openings, definitionOf('welcome').fields.capabilities];
    expect(fields.filter((field) => field?.capability !== undefined)).toEqual([]);
  });

  it('stand in welcome only after what names them', () => {
    const order = Object.values(definitionOf('welcome').fields).map(({ capability }) => capability !== undefined);
    expect(order).toEqual([...order].sort());
  });

  it.each(names)('%s has its tensors after its other fields, and bytes alone and last', (name) => {
    const kinds = Object.values(definitionOf(name).fields).map(({ type }) => type);
    const rank = kinds.map((kind) => (kind === 'bytes' ? 2 : kind === 'tensors' ? 1 : 0));
    expect(rank).toEqual([...rank].sort());
    expect(kinds.filter((kind) => kind === 'bytes').length).toBeLessThanOrEqual(1);
    expect(kinds.includes('bytes') && kinds.includes('tensors')).toBe(false);
  });

  it('follow from hello and welcome alone', () => {
    const after = Object.values(goldenMessages)
      .filter(({ type }) => type !== 'hello' && type !== 'welcome')
      .reduce(agreeBy, agreed);
    expect(after).toBe(agreed);
    expect(agreeBy(noAgreement, golden.welcome).agreed).toEqual([]);
  });
});

describe('every field', () => {
  it('is refused by its writer as by its reader', () => {
    const wrong: Message[] = [
      { ...ready, samples: 0 },
      { ...golden.welcome, grace: -1 },
      { type: 'train', round: 0.5, steps: 3, withOptimizer: false },
      { type: 'evaluated', round: 3, loss: null, sums: Array<number>(17).fill(1), confusion: [] },
      { type: 'query', id: 3, tensors: [{ dtype: 'float32', shape: [3, 5], data: new Float32Array(14) }], labels: [] },
    ];
    for (const message of wrong) {
      expect(() => encodeMessage(message), message.type).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }));
      expect(() => encodeMessage(message), message.type).toThrow(/not sent/);
    }
  });

  it('has a bound, where it is a count, a text or a list, and a meaning in one sentence', () => {
    for (const name of Object.keys(definitions) as MessageName[]) {
      for (const [key, field] of Object.entries(definitionOf(name).fields)) {
        expect(field.meaning, `${name}.${key}`).toMatch(/^(?!.*\. )[^A-Z].{2,}[^.]$/);
        if (field.type === 'count') expect(field.max).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
        if (field.type === 'text') expect(field.max).toBeLessThanOrEqual(900);
      }
    }
  });
});
