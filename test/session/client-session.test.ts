import { describe, expect, it } from 'vitest';
import type { SessionState } from '../../client/session-state.js';
import { stepByStep } from '../../shared/protocol/pace.js';
import { definitions, type Message, type MessageName } from '../../shared/protocol/messages.js';
import { refusedBy } from '../../shared/protocol/refusal-message.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { ClientDriver } from './client-driver.js';
import { gradient, hello, query, smashed } from './drive.js';

const byType = Object.fromEntries(Object.values(goldenMessages).map((message) => [message.type, message])) as Record<
  MessageName,
  Message
>;
// 11 test samples in batches of 5 are three queries.
const welcome: Message<'welcome'> = { ...(byType.welcome as Message<'welcome'>), batch: 5 };
const train: Message<'train'> = { type: 'train', round: 3, steps: 2, withOptimizer: true };
const reply = (step: number): Message<'cutGradient'> => ({
  type: 'cutGradient',
  step,
  loss: 0.75,
  tensors: gradient(step),
});
const prediction = (id: number): Message<'prediction'> => ({ type: 'prediction', id, loss: 0.5, tensors: [] });

const bottom = { holds: 'bottom', pace: stepByStep } as const;

class ClientSession extends ClientDriver {
  smash(step: number): this {
    return this.do({ kind: 'smashed', message: smashed(step) });
  }

  get failure(): string | undefined {
    return this.effects.find((effect) => effect.kind === 'fail')?.error.code;
  }
}

const sessionsIn: Record<SessionState['phase'], () => ClientSession> = {
  opening: () => new ClientSession().do({ kind: 'opened' }),
  waiting: () =>
    sessionsIn
      .opening()
      .receive(welcome)
      .do({ kind: 'model-opened', samples: 37, testSamples: 11, ...bottom }),
  training: () => sessionsIn.waiting().receive(train),
  evaluating: () => sessionsIn.waiting().receive({ type: 'evaluate', round: 3 }),
  closed: () => sessionsIn.waiting().receive(byType.finished),
};

const allowed: Partial<Record<MessageName, SessionState['phase'] | readonly SessionState['phase'][]>> = {
  welcome: 'opening',
  model: 'waiting',
  bottom: 'waiting',
  align: 'waiting',
  points: 'waiting',
  common: 'waiting',
  train: 'waiting',
  joint: 'waiting',
  cutGradient: 'training',
  evaluate: 'waiting',
  prediction: 'evaluating',
  release: ['waiting', 'training'],
  finished: ['waiting', 'training', 'evaluating'],
};
const phases = ['opening', 'waiting', 'training', 'evaluating'] as const;
const names = (Object.keys(definitions) as MessageName[]).filter((name) => name !== 'error');

describe('order of messages', () => {
  it.each(phases.flatMap((phase) => names.map((name) => [phase, name] as const)))(
    'while %s, %s is taken or refused as the protocol says',
    (phase, name) => {
      const session = sessionsIn[phase]();
      expect(session.state.phase).toBe(phase);
      if (phase === 'training') session.smash(1);
      if (phase === 'evaluating') session.do({ kind: 'query', message: query(0) });
      const release = { type: 'release', round: 3, last: 0 } as const;
      const message = { cutGradient: reply(1), prediction: prediction(0), release }[name as string];
      session.receive(message ?? byType[name]);
      if ([allowed[name]].flat().includes(phase)) expect(session.failure).toBeUndefined();
      else {
        expect(session.failure).toBe('BAD_STATE');
        expect(session.state.phase).toBe('closed');
      }
    },
  );

  it.each(Object.values(byType))('a closed session does nothing about $type', (message) => {
    expect(sessionsIn.closed().receive(message).effects).toEqual([]);
    expect(sessionsIn.closed().do({ kind: 'opened' }).effects).toEqual([]);
  });

  it.each(phases)('while %s, the refusal of the server ends the session with its own words', (phase) => {
    const session = sessionsIn[phase]().receive(byType.error);
    expect(session.state.phase).toBe('closed');
    expect(session.effects).toMatchObject([{ kind: 'fail', error: { code: 'RUN_OVER', action: 'start a new run' } }]);
  });
});

describe('a session', () => {
  it('opens with its hello', () => {
    expect(sessionsIn.opening().effects).toEqual([{ kind: 'send', message: hello }]);
  });

  it('passes on the model and the bottom', () => {
    expect(sessionsIn.waiting().receive(byType.model).effects).toMatchObject([{ kind: 'open-model' }]);
    expect(sessionsIn.waiting().receive(byType.bottom).effects).toEqual([
      { kind: 'load-bottom', message: byType.bottom },
    ]);
  });

  it('trains its steps one by one, numbered through all turns, and uploads after the last', () => {
    const session = sessionsIn.training();
    expect(session.effects).toEqual([{ kind: 'smash', step: 1 }]);
    expect(session.smash(1).effects).toEqual([
      { kind: 'send', message: smashed(1) },
      { kind: 'load-ahead', step: 2 },
    ]);
    expect(session.receive(reply(1)).effects).toEqual([{ kind: 'learn', message: reply(1), samples: 2 }]);
    expect(session.do({ kind: 'learned' }).effects).toEqual([{ kind: 'smash', step: 2 }]);
    session.smash(2).receive(reply(2)).do({ kind: 'learned' });
    expect(session.effects).toEqual([{ kind: 'upload', round: 3, withOptimizer: true }]);
    expect(session.state).toMatchObject({ phase: 'waiting', step: 2, underWay: [] });
    const bottom = byType.bottom as Message<'bottom'>;
    expect(session.do({ kind: 'bottom', message: bottom }).effects).toEqual([{ kind: 'send', message: bottom }]);
    expect(session.receive({ ...train, round: 4, steps: 7 }).effects).toEqual([{ kind: 'smash', step: 3 }]);
  });

  it('refuses a reply to a step it has not sent', () => {
    expect(sessionsIn.training().receive(reply(1)).failure).toBe('BAD_STATE');
    expect(sessionsIn.training().smash(1).receive(reply(2)).failure).toBe('BAD_STATE');
    const learned = sessionsIn.training().smash(1).receive(reply(1)).do({ kind: 'learned' });
    expect(learned.receive(reply(1)).failure).toBe('BAD_STATE');
  });

  it('forgets the step under way when it is released, and uses its number again', () => {
    const session = sessionsIn.training().smash(1).receive({ type: 'release', round: 3, last: 0 });
    expect(session.effects).toEqual([{ kind: 'send', message: { type: 'released' } }]);
    expect(session.state).toMatchObject({ phase: 'waiting', step: 0, underWay: [] });
    expect(session.receive({ ...train, round: 5 }).effects).toEqual([{ kind: 'smash', step: 1 }]);
  });

  it.each([1, 5])('gives up when the server has counted a step that was not done here: last %i', (last) => {
    expect(sessionsIn.training().smash(1).receive({ type: 'release', round: 3, last }).failure).toBe('STEP_GAP');
  });

  it('queries all its test samples, one batch at a time, then says so', () => {
    const session = sessionsIn.evaluating();
    const asks = (batch: number) => ({ kind: 'query', batch });
    const sends = (batch: number) => ({ kind: 'send', message: query(batch) });
    const tested = (batches: number) => ({ kind: 'tested', batches });
    expect(session.effects).toEqual([tested(0), asks(0)]);
    for (const batch of [0, 1]) {
      expect(session.do({ kind: 'query', message: query(batch) }).effects).toEqual([sends(batch)]);
      expect(session.receive(prediction(batch)).effects).toEqual([tested(batch + 1), asks(batch + 1)]);
    }
    session.do({ kind: 'query', message: query(2) });
    expect(session.receive(prediction(2)).effects).toEqual([
      tested(3),
      { kind: 'send', message: { type: 'evaluated', round: 3, loss: null, sums: [], confusion: [] } },
    ]);
    expect(session.state.phase).toBe('waiting');
  });

  it('asks as far ahead as the server takes it, and no further', () => {
    const session = sessionsIn.waiting().receive({ type: 'evaluate', round: 3, ahead: 2 });
    const effects = (batch: number) => session.do({ kind: 'query', message: query(batch) }).effects;
    expect(effects(0)).toEqual([
      { kind: 'send', message: query(0) },
      { kind: 'query', batch: 1 },
    ]);
    expect(effects(1)).toEqual([{ kind: 'send', message: query(1) }]);
    expect(session.receive(prediction(0)).effects).toEqual([
      { kind: 'tested', batches: 1 },
      { kind: 'query', batch: 2 },
    ]);
    expect(effects(2)).toEqual([{ kind: 'send', message: query(2) }]);
    expect(session.receive(prediction(1)).effects).toEqual([{ kind: 'tested', batches: 2 }]);
  });

  it.each([
    ['nothing was asked', []],
    ['another one is due', [0, 1]],
  ])('takes no prediction where %s', (_, asked) => {
    const session = sessionsIn.waiting().receive({ type: 'evaluate', round: 3, ahead: 2 });
    for (const batch of asked) session.do({ kind: 'query', message: query(batch) });
    expect(session.receive(prediction(1)).failure).toBe('BAD_STATE');
  });

  it('says what it has once the model is open', () => {
    const session = sessionsIn.opening().receive(welcome, byType.model);
    expect(session.effects).toMatchObject([{ kind: 'open-model' }]);
    const message = { type: 'ready', samples: 37, testSamples: 11, software: 'Tandem 0.7' };
    session.do({ kind: 'model-opened', samples: 37, testSamples: 11, software: 'Tandem 0.7', ...bottom });
    expect(session.effects).toEqual([{ kind: 'send', message }]);
  });

  it('has nothing to query without test samples', () => {
    const session = new ClientSession()
      .receive(welcome)
      .do({ kind: 'model-opened', samples: 37, testSamples: 0, ...bottom });
    session.receive({ type: 'evaluate', round: 7 });
    expect(session.effects).toEqual([
      { kind: 'send', message: { type: 'evaluated', round: 7, loss: null, sums: [], confusion: [] } },
    ]);
  });

  it('ends with what the server says about the run', () => {
    expect(sessionsIn.closed().effects).toEqual([{ kind: 'finish', message: byType.finished }]);
  });
});

describe('a refusal of the server', () => {
  it('keeps code, words, action and step', () => {
    const message = { type: 'error', code: 'BAD_SHAPE', message: 'wide', action: 'narrow it', step: 17 } as const;
    const error = refusedBy(message);
    expect(error).toMatchObject({ code: 'BAD_SHAPE', action: 'narrow it', step: 17, close: 4404, retryable: false });
    expect(error.line).toBe('the server refused: wide: narrow it (BAD_SHAPE)');
  });

  it.each(['SOMETHING_NEW', 'toString', '__proto__', ''])('with the unknown code %o is INTERNAL here', (code) => {
    expect(refusedBy({ type: 'error', code, message: 'new', action: 'none', step: null }).code).toBe('INTERNAL');
  });
});
