import { describe, expect, it } from 'vitest';
import { definitions, type Message, type MessageName } from '../../shared/protocol/messages.js';
import {
  initialUpstream,
  reduceUpstream,
  type UpstreamEffect,
  type UpstreamState,
} from '../../relay/upstream-reducer.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { gradient, query, smashed } from '../session/drive.js';

const byType = Object.fromEntries(Object.values(goldenMessages).map((message) => [message.type, message])) as {
  [N in MessageName]: Message<N>;
};
const reply = (step: number): Message<'cutGradient'> => ({ ...byType.cutGradient, step, tensors: gradient(step) });
const output = (step: number): Message<'middleOutput'> => ({ ...byType.middleOutput, step });
const topGradient = (step: number): Message<'topGradient'> => ({ ...byType.topGradient, step });

class Upstream {
  effects: readonly UpstreamEffect[] = [];

  constructor(public state: UpstreamState = initialUpstream('train')) {}

  send(...messages: Message[]): this {
    for (const message of messages) [this.state, this.effects] = reduceUpstream(this.state, { kind: 'send', message });
    return this;
  }

  receive(...messages: Message[]): this {
    for (const message of messages)
      [this.state, this.effects] = reduceUpstream(this.state, { kind: 'received', message });
    return this;
  }

  get kinds(): string[] {
    return this.effects.map((effect) =>
      effect.kind === 'fail' || effect.kind === 'refused' ? effect.error.code : effect.kind,
    );
  }
}

const sessionsIn: Record<UpstreamState['phase'], () => Upstream> = {
  opening: () => new Upstream(),
  joining: () => sessionsIn.opening().receive(byType.welcome),
  inferring: () => new Upstream(initialUpstream('infer')).receive(byType.welcome),
  waiting: () => sessionsIn.joining().receive(byType.model).send(byType.ready),
  training: () => sessionsIn.waiting().receive(byType.train),
  evaluating: () => sessionsIn.waiting().receive(byType.evaluate),
  closed: () => sessionsIn.waiting().receive(byType.finished),
};

/** What the server may send in which state; docs/protocol.md has the same table. */
const allowed: Record<UpstreamState['phase'], readonly MessageName[]> = {
  opening: ['welcome', 'error'],
  joining: ['model', 'error'],
  inferring: ['model', 'error'],
  waiting: ['bottom', 'train', 'evaluate', 'finished', 'error'],
  training: ['release', 'finished', 'error'],
  evaluating: ['error'],
  closed: [],
};

describe.each(Object.entries(allowed))('a relay whose session above is %s', (phase, messages) => {
  it.each(Object.keys(definitions) as MessageName[])("takes '%s' only where it may come", (name) => {
    const session = sessionsIn[phase as UpstreamState['phase']]();
    expect(session.state.phase).toBe(phase);
    const before = session.state;
    session.receive(byType[name]);
    if (phase === 'closed') expect([session.state, session.effects]).toEqual([before, []]);
    else if (messages.includes(name)) expect(session.kinds).not.toContain('BAD_STATE');
    else expect(session.kinds).toEqual(['BAD_STATE']);
  });
});

describe('a step on its way up', () => {
  it('is learned from once, with the request its reply belongs to', () => {
    const session = sessionsIn.training().send(smashed(1)).receive(reply(1));
    expect(session.effects).toEqual([{ kind: 'learn', message: reply(1), request: smashed(1) }]);
    expect(session.receive(reply(1)).kinds).toEqual(['BAD_STATE']);
  });

  it.each([
    ['before any step', () => sessionsIn.training()],
    ['of a step that was not sent', () => sessionsIn.training().send(smashed(1))],
    ['to a step that was released', () => sessionsIn.training().send(smashed(2)).receive(byType.release)],
  ])('a reply %s ends the session', (_, session) => {
    expect(session().receive(reply(2)).kinds).toEqual(['BAD_STATE']);
  });

  it('in two halves is passed on and learned from', () => {
    const session = sessionsIn.training().send(smashed(1)).receive(output(1));
    expect(session.kinds).toEqual(['pass-output']);
    expect(session.send(topGradient(1)).receive(reply(1)).kinds).toEqual(['learn']);
    expect(session.receive(output(1)).kinds).toEqual(['BAD_STATE']);
  });

  it('is forgotten when the round goes on without it, and its number is used again', () => {
    const session = sessionsIn.training().send(smashed(1)).receive(byType.release);
    expect(session.state).toMatchObject({ phase: 'waiting', pending: null, last: 0 });
    expect(session.receive(byType.train).send(smashed(1)).receive(reply(1)).kinds).toEqual(['learn']);
  });
});

describe('a query on its way up', () => {
  const answer = (id: number): Message<'prediction'> => ({ ...byType.prediction, id });

  it('is answered once, and only it', () => {
    const session = sessionsIn.evaluating().send(query(7));
    expect(session.receive(answer(7)).effects).toEqual([{ kind: 'predicted', message: answer(7) }]);
    expect(session.receive(answer(7)).kinds).toEqual(['BAD_STATE']);
    expect(sessionsIn.inferring().send(query(7)).receive(answer(3)).kinds).toEqual(['BAD_STATE']);
  });
});

describe('a query of a client that only infers', () => {
  it('is answered with new weights where there are some, and asked again', () => {
    const answer = (id: number): Message<'prediction'> => ({ ...byType.prediction, id });
    const session = sessionsIn.inferring().receive(byType.model, byType.bottom).send(query(1)).receive(byType.bottom);
    expect(session.kinds).toEqual(['load-bottom']);
    expect(session.send(query(2)).receive(answer(2)).kinds).toEqual(['predicted']);
    expect(session.send(query(3)).receive(answer(2)).kinds).toEqual(['BAD_STATE']);
  });
});

describe('what the server gives', () => {
  it('is a model before weights, and one model', () => {
    expect(sessionsIn.inferring().receive(byType.bottom).kinds).toEqual(['BAD_STATE']);
    expect(sessionsIn.inferring().receive(byType.model, byType.model).kinds).toEqual(['BAD_STATE']);
    expect(sessionsIn.inferring().receive(byType.model, byType.bottom).kinds).toEqual(['load-bottom']);
  });

  it('may be a refusal, which is given on in its own words', () => {
    const error = { type: 'error', code: 'BAD_LABEL', message: 'label 7', action: 'mend it', step: 3 } as const;
    const [effect] = sessionsIn.training().receive(error).effects;
    expect(effect).toMatchObject({
      kind: 'refused',
      error: { code: 'BAD_LABEL', message: 'label 7', action: 'mend it' },
    });
    expect(sessionsIn.training().receive({ ...error, code: 'NEW_CODE' }).kinds).toEqual(['INTERNAL']);
  });
});
