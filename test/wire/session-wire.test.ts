import { describe, expect, it } from 'vitest';
import { float32, int32, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { SessionCodec } from '../../shared/protocol/session-codec.js';
import { createRng } from '../../shared/rng.js';
import { builtinCodecs } from '../../shared/wire/codec-registry.js';
import { SessionWire } from '../../shared/wire/session-wire.js';

const rng = createRng('session wire', 5);
const made = (...shape: number[]): NdArray =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
  );

const hello: Message<'hello'> = {
  type: 'hello',
  role: 'train',
  shard: null,
  party: null,
  engine: 'none',
  resumes: false,
  segments: null,
  bottom: null,
  capabilities: ['codecs', 'pool'],
};
const welcomeOf = (codecs: Partial<Message<'welcome'>>): Message<'welcome'> => ({
  ...{ type: 'welcome', run: 'r', task: 't', session: 's', client: 1, clients: 2, seed: 7, batch: 9, partition: 'iid' },
  ...{ limit: null, grace: 0, capabilities: ['codecs', 'pool'], ...codecs },
});

const noNames = { classes: null, columns: null, coding: null };

/** The wire of a session that goes on from a checkpoint. */
const again = ({ terms, sent, received }: SessionWire) =>
  new SessionWire(structuredClone({ terms, sentWire: sent, receivedWire: received }));

/** Both ends of a session that has begun, and what becomes of a message on its way up or down. */
function session(codecs: Partial<Message<'welcome'>>) {
  const [client, server] = [new SessionCodec(), new SessionCodec()];
  const carry = <M extends Message>(message: M, from: SessionCodec, to: SessionCodec) => {
    const bytes = from.encode(from.wire.pack(message));
    return { bytes, heard: to.wire.unpack(to.decode(bytes)) as M };
  };
  const up = <M extends Message>(message: M) => carry(message, client, server);
  const down = <M extends Message>(message: M) => carry(message, server, client);
  up(hello);
  down(welcomeOf(codecs));
  return { client, server, up, down };
}

const smashed = (step = 3): Message<'smashed'> => ({
  type: 'smashed',
  step,
  tensors: [
    made(9, 4, 5),
    int32(
      [9, 2],
      Array.from({ length: 18 }, (_, i) => i - 9),
    ),
  ],
  labels: [int32([9], [0, 1, 2, 3, 4, 5, 6, 7, 9])],
});

describe('the wire of a session', () => {
  it('leaves all as it is without codecs, byte for byte', () => {
    const plain = session({});
    const bare = session({ codecUp: null, codecDown: null, codecWeights: null });
    const message = smashed();
    expect(plain.client.wire.pack(message)).toBe(message);
    expect(plain.up(message)).toEqual(bare.up(message));
    expect(plain.up(message).heard).toEqual(message);
  });

  it.each(['int8', 'int3+rans', 'bf16', 'topk:20+int8', 'delta:10+int4'])(
    '%s: what is heard is within the bound',
    (codecUp) => {
      const { up } = session({ codecUp });
      const message = smashed();
      const { heard, bytes } = up(message);
      const context = { shape: [9, 4, 5], seed: 1, fixedSeed: 1, learns: true, samples: null };
      const said = message.tensors[0]?.data as Float32Array;
      const bound = builtinCodecs.find(codecUp).errorBound(said, context, null);
      heard.tensors[0]?.data.forEach((value: number, i: number) => {
        expect(Math.abs(value - (said[i] ?? NaN))).toBeLessThanOrEqual(bound + 1e-6);
      });
      expect(heard.tensors[1]).toEqual(message.tensors[1]);
      expect(heard.labels).toEqual(message.labels);
      expect(bytes.length).toBeLessThan(600);
    },
  );

  it('sends what is not finite as it is, so that it is refused as ever', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const { up } = session({ codecUp: 'int4' });
      const tensors = [
        float32(
          [2, 40],
          Float32Array.from({ length: 80 }, (_, i) => (i === 17 ? bad : i)),
        ),
      ];
      expect(up({ ...smashed(), tensors }).heard.tensors).toEqual(tensors);
    }
  });

  it('rounds to the nearest what travels once, and keeps what it has counted', () => {
    const { client, server, up, down } = session({ codecUp: 'int4+rans' });
    const [said] = smashed().tensors;
    const errorOf = (step: number) => {
      const { heard } = up({ ...smashed(step), tensors: said ? [said] : [] });
      return Math.max(...(said?.data ?? []).map((value, i) => Math.abs(value - (heard.tensors[0]?.data[i] ?? NaN))));
    };
    const train = { type: 'train', round: 1, steps: 2, withOptimizer: false } as const;
    down(train);
    const atRandom = errorOf(3);
    down({ ...train, sends: true });
    const before = client.wire.sent;
    const nearest = [errorOf(4), errorOf(5)];
    expect(Math.max(...nearest)).toBeLessThan(0.6 * atRandom);
    expect(client.wire.sent).not.toEqual(before);
    expect(client.wire.sent).toEqual(server.wire.received);
    down(train);
    expect(errorOf(6)).toBeGreaterThan(0.8 * atRandom);
  });

  it('sends an empty tensor as it is', () => {
    const { up } = session({ codecUp: 'int4', codecDown: 'int4' });
    const tensors = [float32([0, 4], [])];
    expect(up({ ...smashed(), tensors, labels: [int32([0], [])] }).heard.tensors).toEqual(tensors);
  });

  it('codes weights, but no state of an optimizer', () => {
    const { up } = session({ codecWeights: 'int8' });
    const payload = new Uint8Array(Float32Array.from({ length: 1001 }, () => rng.normal()).buffer);
    const coded = up({ type: 'bottom', round: 2, updates: null, payload });
    expect(coded.bytes.length).toBeLessThan(payload.length / 3);
    expect(coded.heard.payload).toHaveLength(payload.length);
    expect(up({ type: 'bottom', round: 2, updates: 3, payload }).heard.payload).toEqual(payload);
    const odd = Uint8Array.of(1, 2, 3, 4, 5);
    expect(up({ type: 'bottom', round: 2, updates: null, payload: odd }).heard.payload).toEqual(odd);
  });

  it('allots nothing for a shape that the run does not have', () => {
    const { server } = session({ codecUp: 'topk:1+int8' });
    server.wire.mostBytes = 1000;
    const data = new Uint8Array(9);
    const bomb = { dtype: 'float32', shape: [9, 100_000_000], data, bits: 0 } as NdArray;
    expect(() => server.wire.unpack({ ...smashed(), tensors: [bomb], labels: [] })).toThrow(
      /3600000000 bytes .* 1000 fit/,
    );
    const payload = Uint8Array.of(1, 255, 255, 255, 255, 0);
    const { server: other } = session({ codecWeights: 'int8' });
    other.wire.mostBytes = 1000;
    expect(() => other.wire.unpack({ type: 'bottom', round: 1, updates: null, payload })).toThrow(/claims 4294967295/);
  });

  it('refuses what is packed where nothing is to be', () => {
    const { client } = session({ codecUp: 'int8' });
    const { server } = session({});
    const packed = client.wire.pack(smashed());
    expect(() => server.wire.unpack(packed)).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }));
    const { server: other } = session({ codecDown: 'int8' });
    expect(() => other.wire.unpack(packed)).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }));
  });

  it.each([[1], [0], [3], [17]])('refuses labels of %i bits', (bits) => {
    const { server } = session({ codecUp: 'int8' });
    const label = { dtype: 'int32', shape: [9], data: new Uint8Array(5), bits } as NdArray;
    expect(() => server.wire.unpack({ ...smashed(), labels: [label] })).toThrow(
      expect.objectContaining({ code: 'BAD_MESSAGE' }),
    );
  });

  it('tells a client that does not know the codec', () => {
    const { client } = session({});
    expect(() => client.wire.unpack(welcomeOf({ codecUp: 'mine' }))).toThrow(/'mine', which is none/);
  });

  it('has the same memory at both ends, and goes on from what was written down', () => {
    const { client, server, up } = session({ codecUp: 'delta:5+int4+rans' });
    up({ type: 'ready', samples: 20, testSamples: 0, software: null, classes: null, columns: null, coding: null });
    for (let step = 1; step <= 6; step++) up(smashed(step));
    expect(client.wire.sent).toEqual(server.wire.received);
    const { terms, sent } = client.wire;
    const again = new SessionWire({ terms, sentWire: structuredClone(sent) });
    const next = smashed(7);
    expect(again.pack(next)).toEqual(client.wire.pack(next));
  });

  it.each([
    ['a client of its own rows', null, []],
    ['a party of a vertical run', '1', []],
    ['the party with the labels', 'active', []],
    [
      'a turn in which all samples are sent',
      null,
      [{ type: 'train', round: 1, steps: 9, withOptimizer: false, sends: true }],
    ],
  ] as const)('%s: either end goes on from a checkpoint after any message', (_what, party, then) => {
    const ready = { type: 'ready', samples: 20, testSamples: 0, software: null, ...noNames } as const;
    const steps = [1, 2, 3, 4, 5, 6].map(smashed);
    const said: readonly Message[] = [
      { ...hello, party },
      welcomeOf({ codecUp: 'delta:5+int4+rans' }),
      ready,
      ...then,
      ...steps,
    ];
    const isDown = ({ type }: Message) => type === 'welcome' || type === 'train';
    /** Bytes and what is heard, with both ends made again after one message. */
    const run = (crashAfter: number) => {
      let [client, server] = [new SessionWire(), new SessionWire()];
      const heard = said.map((message, i) => {
        const [from, to] = isDown(message) ? [server, client] : [client, server];
        const packed = from.pack(message);
        const opened = to.unpack(packed);
        if (i === crashAfter) [client, server] = [again(client), again(server)];
        return [packed, opened];
      });
      return { heard, states: [client.sent, server.received, client.terms] };
    };
    const expected = run(-1);
    // What a session begins with is written down with `welcome` at the earliest.
    said.forEach((_, i) => i >= 1 && expect(run(i), `after message ${i}`).toEqual(expected));
  });

  it('needs fewer bytes for samples that have hardly moved', () => {
    const { up } = session({ codecUp: 'delta:5+int8' });
    up({ type: 'ready', samples: 9, testSamples: 0, software: null, classes: null, columns: null, coding: null });
    const first = smashed(1);
    const length = up({ ...first, labels: [] }).bytes.length;
    // One batch an epoch, in another order each.
    expect(up({ ...first, step: 1, labels: [] }).bytes.length).toBeLessThan(length - 150);
  });
});
