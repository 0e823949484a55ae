import { describe, expect, it } from 'vitest';
import { float32, int32, ndarray } from '../../shared/ndarray.js';
import type { Message, MessageName } from '../../shared/protocol/messages.js';
import { definitions } from '../../shared/protocol/messages.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { gradient, hello, query, ServerSession, sessionsIn, smashed } from './drive.js';

type Phase = ServerSession['state']['phase'];

/** Messages that fit the contract, one of each type. */
const messages = {
  ...(Object.fromEntries(Object.values(goldenMessages).map((message) => [message.type, message])) as Record<
    MessageName,
    Message
  >),
  hello,
  smashed: smashed(1),
  bottom: { type: 'bottom', round: 3, updates: null, payload: Uint8Array.of(3, 5) },
  query: query(7),
  evaluated: { type: 'evaluated', round: 3, loss: null, sums: [], confusion: [] },
} as const;

/** In which phases a client may send what. Errors and goodbyes may always come. */
const allowed: Partial<Record<MessageName, readonly Phase[]>> = {
  hello: ['opening'],
  ready: ['joining'],
  points: ['joining'],
  aligned: ['joining'],
  smashed: ['training'],
  bottom: ['uploading'],
  query: ['evaluating', 'inferring'],
  evaluated: ['evaluating'],
};
const phases = Object.keys(sessionsIn).filter((phase) => phase !== 'closed') as Exclude<Phase, 'closed'>[];
const names = (Object.keys(definitions) as MessageName[]).filter((name) => name !== 'error' && name !== 'bye');

describe('order of messages', () => {
  it.each(phases.flatMap((phase) => names.map((name) => [phase, name] as const)))(
    'while %s, %s is taken or refused as the protocol says',
    (phase, name) => {
      const session = sessionsIn[phase]();
      expect(session.state.phase).toBe(phase);
      session.receive(messages[name]);
      if (allowed[name]?.includes(phase)) expect(session.refusal).toBeUndefined();
      else {
        expect(session.refusal).toBe('BAD_STATE');
        expect(session.state.phase).toBe('closed');
        expect(session.effects.map(({ kind }) => kind)).toEqual(['refuse', 'left']);
      }
    },
  );

  it.each(phases)('while %s, an error or a goodbye ends the session without a refusal', (phase) => {
    for (const name of ['error', 'bye'] as const) {
      const session = sessionsIn[phase]().receive(messages[name]);
      expect(session.state.phase).toBe('closed');
      expect(session.effects).toMatchObject([{ kind: 'left' }]);
    }
  });

  it.each(Object.values(messages))('a closed session does nothing about $type', (message) => {
    const session = sessionsIn.closed().receive(message);
    expect(session.effects).toEqual([]);
    expect(session.do({ kind: 'closed' }).effects).toEqual([]);
  });

  it('a bottom of another round is refused', () => {
    const session = sessionsIn
      .uploading()
      .receive({ type: 'bottom', round: 5, updates: null, payload: Uint8Array.of(3) });
    expect(session.refusal).toBe('BAD_STATE');
  });

  it('trains the steps it was told to, then waits for the bottom, turn after turn', () => {
    const session = sessionsIn.uploading();
    expect(session.receive(messages.bottom).effects).toMatchObject([{ kind: 'heard', message: { type: 'bottom' } }]);
    session.do({ kind: 'train', round: 4, steps: 1, withOptimizer: true });
    expect(session.sent).toEqual([{ type: 'train', round: 4, steps: 1, withOptimizer: true }]);
    expect(session.receive(smashed(3)).effects).toMatchObject([{ kind: 'heard', rows: 2 }]);
    expect(session.apply(3).state.phase).toBe('uploading');
  });

  it('takes one query at a time', () => {
    const session = sessionsIn.inferring().receive(query(3));
    expect(session.effects).toMatchObject([{ kind: 'heard', message: { type: 'query', id: 3 } }]);
    session.do({ kind: 'predicted', message: { type: 'prediction', id: 3, loss: null, tensors: [] } });
    expect(session.sent).toMatchObject([{ type: 'prediction', id: 3 }]);
    expect(session.receive(query(5)).refusal).toBeUndefined();
    expect(session.receive(query(7)).refusal).toBe('BAD_STATE');
  });

  it('takes as many queries of an evaluation as it has told the client', () => {
    const session = sessionsIn.waiting().do({ kind: 'evaluate', round: 3, ahead: 2 });
    expect(session.sent).toEqual([{ type: 'evaluate', round: 3, ahead: 2 }]);
    session.receive(query(3), query(5));
    session.do({ kind: 'predicted', message: { type: 'prediction', id: 3, loss: null, tensors: [] } });
    expect(session.receive(query(7)).refusal).toBeUndefined();
    expect(session.receive(query(9)).refusal).toBe('BAD_STATE');
  });

  it('does not end an evaluation while a query is under way', () => {
    expect(sessionsIn.evaluating().receive(query(3), messages.evaluated).refusal).toBe('BAD_STATE');
  });

  it('ignores what the lane answers for a session that is gone or asked for nothing', () => {
    expect(sessionsIn.closed().apply(3).effects).toEqual([]);
    expect(sessionsIn.training().apply(3).effects).toEqual([]);
  });
});

describe('steps in their order', () => {
  it('are passed on when they are next, and answered', () => {
    const session = sessionsIn.training().receive(smashed(1));
    expect(session.effects).toEqual([{ kind: 'heard', message: smashed(1), rows: 2 }]);
    expect(session.apply(1).sent).toEqual([{ type: 'cutGradient', step: 1, loss: 1.5, tensors: gradient(1) }]);
  });

  it.each([
    ['one that is done', [1], 1],
    ['one before that', [1], 0],
    ['one too far', [1], 3],
    ['the one the lane works on', [], 1],
  ])('%s is refused by its number', (_, done, step) => {
    const session = sessionsIn.training();
    if (done.length === 0) session.receive(smashed(1));
    done.forEach((before) => session.receive(smashed(before)).apply(before));
    session.receive(smashed(step));
    expect(session.effects[0]).toMatchObject({ kind: 'refuse', error: { code: 'STEP_GAP', step } });
  });

  it('are no more under way than the pace allows, or than the client was told to do', () => {
    const ahead = (window: number, steps: number) =>
      new ServerSession({ pace: { window, alignEvery: null } })
        .receive(hello)
        .do({ kind: 'accepted', role: 'train' })
        .receive({ type: 'ready', samples: 37, testSamples: 0 })
        .do({ kind: 'train', round: 0, steps, withOptimizer: false })
        .receive(smashed(1), smashed(2));
    expect(ahead(2, 7).refusal).toBeUndefined();
    expect(ahead(2, 7).receive(smashed(3)).refusal).toBe('BAD_STATE');
    expect(ahead(7, 2).receive(smashed(3)).refusal).toBe('BAD_STATE');
    expect(ahead(7, 3).receive(smashed(3)).refusal).toBeUndefined();
  });
});

describe('the contract', () => {
  const rows = (count: number) => ({
    tensors: [float32([count, 3], new Float32Array(count * 3).fill(0.75))],
    labels: [int32([count], new Int32Array(count).fill(3))],
  });

  it.each([
    ['another number of features', { tensors: [float32([2, 2], [3, 5, 7, 9])] }, 'BAD_SHAPE'],
    ['another rank', { tensors: [float32([2], [3, 5])] }, 'BAD_SHAPE'],
    ['a scalar', { tensors: [float32([], [3])] }, 'BAD_SHAPE'],
    ['another dtype', { tensors: [int32([2, 3], [1, 2, 3, 4, 5, 6])] }, 'BAD_SHAPE'],
    ['no tensor', { tensors: [] }, 'BAD_SHAPE'],
    ['two tensors', { tensors: [...smashed(1).tensors, ...smashed(1).tensors] }, 'BAD_SHAPE'],
    ['no sample', rows(0), 'BAD_SHAPE'],
    ['six samples where five are allowed', rows(6), 'BAD_SHAPE'],
    ['NaN', { tensors: [float32([2, 3], [1, 2, 3, 4, NaN, 6])] }, 'BAD_VALUE'],
    ['infinity', { tensors: [float32([2, 3], [1, 2, 3, 4, 5, Infinity])] }, 'BAD_VALUE'],
    ['minus infinity', { tensors: [float32([2, 3], [-Infinity, 2, 3, 4, 5, 6])] }, 'BAD_VALUE'],
    ['a label above the range', { labels: [int32([2], [3, 5])] }, 'BAD_LABEL'],
    ['a label below the range', { labels: [int32([2], [-1, 3])] }, 'BAD_LABEL'],
    ['labels for other samples', { labels: [int32([3], [3, 3, 3])] }, 'BAD_SHAPE'],
    ['labels of another dtype', { labels: [ndarray('uint8', [2], Uint8Array.of(3, 3))] }, 'BAD_SHAPE'],
    ['two lists of labels', { labels: [...smashed(1).labels, ...smashed(1).labels] }, 'BAD_SHAPE'],
  ])('%s is refused in a step and in a query, before anything is computed', (_, change, code) => {
    const batch = { tensors: smashed(1).tensors, labels: smashed(1).labels, ...change };
    const training = sessionsIn.training().receive(smashed(1, batch));
    const inferring = sessionsIn.inferring().receive(query(3, batch));
    for (const session of [training, inferring]) {
      expect(session.refusal).toBe(code);
      expect(session.state.phase).toBe('closed');
      expect(session.effects.map(({ kind }) => kind)).toEqual(['refuse', 'left']);
    }
    expect(training.effects[0]).toMatchObject({ error: { step: 1 } });
    expect(inferring.effects[0]).toMatchObject({ error: { step: undefined } });
  });

  it('a step without labels is refused, a query without labels is not', () => {
    expect(sessionsIn.training().receive(smashed(1, { labels: [] })).refusal).toBe('BAD_LABEL');
    expect(sessionsIn.inferring().receive(query(3, { labels: [] })).refusal).toBeUndefined();
  });

  it.each([1, 5])('%i samples are allowed', (count) => {
    expect(sessionsIn.training().receive(smashed(1, rows(count))).effects).toMatchObject([
      { kind: 'heard', rows: count },
    ]);
  });

  it('names the tensor, the place and the value', () => {
    const session = sessionsIn.training().receive(smashed(1, { tensors: [float32([2, 3], [1, 2, 3, 4, NaN, 6])] }));
    expect(session.effects[0]).toMatchObject({ error: { message: "smashed data 'hidden' holds NaN at 4" } });
  });
});

describe('a released client', () => {
  it('may send the number of its step again, with other content', () => {
    const payload = Uint8Array.of(7);
    const session = sessionsIn.training().receive(smashed(1)).do({ kind: 'release', round: 3 });
    expect(session.sent).toEqual([{ type: 'release', round: 3, last: 0 }]);
    expect(session.state).toMatchObject({ phase: 'waiting', pending: null, last: 0 });
    session.do({ kind: 'train', round: 5, steps: 2, withOptimizer: false });
    // What was on its way before the client knew is left aside, however wrong.
    const late = [
      smashed(7),
      smashed(1, { labels: [] }),
      { type: 'bottom', round: 3, updates: null, payload },
    ] as const;
    for (const message of late) expect(session.receive(message).effects).toEqual([]);
    expect(session.receive({ type: 'released' }).effects).toEqual([]);
    const changed = smashed(1, { labels: [int32([2], [0, 1])] });
    expect(session.receive(changed).effects).toMatchObject([{ kind: 'heard', message: changed }]);
    expect(session.receive({ type: 'released' }).refusal).toBe('BAD_STATE');
  });
});
