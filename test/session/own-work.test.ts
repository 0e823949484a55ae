import { describe, expect, it } from 'vitest';
import { ownWork } from '../../client/own-work.js';
import { reduceSession } from '../../client/session-reducer.js';
import {
  initialSession,
  type SessionEffect,
  type SessionInput,
  type SessionState,
} from '../../client/session-state.js';
import type { Message } from '../../shared/protocol/messages.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { gradient, hello, smashed } from './drive.js';

const welcome: Message<'welcome'> = { ...(goldenMessages.welcome as Message<'welcome'>), batch: 5 };
const train: Message<'train'> = { type: 'train', round: 3, steps: 4, withOptimizer: false };
const trained = (step: number): Message<'trained'> => ({ type: 'trained', step, samples: 5, loss: step / 8 });
const applied = (step: number): Message<'applied'> => ({ type: 'applied', step, loss: 0.75 });
const scores = { loss: 3.5, sums: [2], confusion: [] };

/** A client that learns by itself: 11 test samples in batches of 5, two steps under way, every third one aligned. */
class OwnSession {
  state: SessionState = initialSession(hello);
  effects: readonly SessionEffect[] = [];

  constructor(private readonly holds: 'whole' | 'auxiliary') {
    const pace = { window: 2, alignEvery: holds === 'whole' ? null : 3 };
    this.receive(welcome).do({ kind: 'model-opened', samples: 37, testSamples: 11, holds, pace }).receive(train);
  }

  do(input: SessionInput): this {
    [this.state, this.effects] = reduceSession(this.state, input);
    return this;
  }

  receive(message: Message): this {
    return this.do({ kind: 'received', message });
  }

  /** Does all the work there is without waiting; answers the numbers of the steps. */
  work(): number[] {
    const done: number[] = [];
    for (let own = ownWork(this.state); own?.kind === 'practise'; own = ownWork(this.state)) {
      const { step } = own;
      this.do({ kind: 'practised', message: this.holds === 'whole' ? trained(step) : smashed(step) });
      done.push(step);
    }
    return done;
  }

  get failure(): string | undefined {
    return this.effects.find((effect) => effect.kind === 'fail')?.error.code;
  }
}

describe.each(['whole', 'auxiliary'] as const)('a client with the segment %s', (holds) => {
  it('goes on as far as the window allows, and uploads when all is answered', () => {
    const session = new OwnSession(holds);
    expect(session.work()).toEqual([1, 2]);
    // One answer stands for all before it.
    session.receive(applied(2));
    if (holds === 'whole') {
      expect(session.work()).toEqual([3, 4]);
      expect(session.receive(applied(3)).effects).toEqual([]);
    } else {
      expect(ownWork(session.state)).toEqual({ kind: 'practise', step: 3, aligned: true, isReported: false });
      expect(session.work()).toEqual([3]);
      const message: Message<'cutGradient'> = {
        type: 'cutGradient',
        step: 3,
        loss: 0.5,

        tensors: gradient(3),
      };
      expect(session.receive(message).effects).toEqual([{ kind: 'learn', message, samples: 2 }]);
      expect(session.do({ kind: 'learned' }).work()).toEqual([4]);
    }
    expect(session.receive(applied(4)).effects).toEqual([{ kind: 'upload', round: 3, withOptimizer: false }]);
    expect(session.state).toMatchObject({ phase: 'waiting', step: 4, underWay: [] });
    expect(session.receive(applied(4)).failure).toBe('BAD_STATE');
  });

  it('goes back to what counts when it is released, and does the rest again', () => {
    const session = new OwnSession(holds);
    session.work();
    session.receive(applied(1)).receive({ type: 'release', round: 3, last: 1 });
    expect(session.effects).toEqual([{ kind: 'send', message: { type: 'released' } }]);
    expect(ownWork(session.state)).toBeUndefined();
    expect(session.receive({ ...train, round: 5 }).work()[0]).toBe(2);
  });

  it('ends when it and the server have lost each other', () => {
    expect(new OwnSession(holds).receive({ type: 'release', round: 3, last: 7 }).failure).toBe('STEP_GAP');
  });

  it.each([
    ['an answer to a step it has not done', applied(3)],
    ['a cut gradient that no step needs', { type: 'cutGradient', step: 1, loss: 0.5, tensors: gradient(1) }],
    ['a middle output', { type: 'middleOutput', step: 1, tensors: gradient(1) }],
  ] as const)('does not take %s', (_what, message) => {
    const session = new OwnSession(holds);
    session.work();
    expect(session.receive(message).failure).toBe('BAD_STATE');
  });
});

it('scores itself, batch by batch, where it has the whole model', () => {
  const session = new OwnSession('whole');
  session.state = { ...session.state, phase: 'waiting', stepsLeft: 0 };
  expect(session.receive({ type: 'evaluate', round: 7 }).effects).toEqual([{ kind: 'tested', batches: 0 }]);
  for (const batch of [0, 1, 2]) {
    expect(ownWork(session.state)).toEqual({ kind: 'examine', batch });
    session.do({ kind: 'scored', scores });
  }
  expect(ownWork(session.state)).toBeUndefined();
  expect(session.effects).toEqual([
    { kind: 'tested', batches: 3 },
    { kind: 'send', message: { type: 'evaluated', round: 7, ...scores } },
  ]);
});
