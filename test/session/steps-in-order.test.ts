import { describe, expect, it } from 'vitest';
import { ownWork } from '../../client/own-work.js';
import * as client from '../../client/session-reducer.js';
import * as clientSession from '../../client/session-state.js';
import * as server from '../../server/session/session-reducer.js';
import * as serverSession from '../../server/session/session-state.js';
import { isAligned } from '../../shared/protocol/pace.js';
import type { Message } from '../../shared/protocol/messages.js';
import { createRng } from '../../shared/rng.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { contract, gradient, hello, smashed } from './drive.js';

const seed = process.env.TANDEM_SEED ?? '47';
const SCHEDULES = 2_000;
const TURNS = [3, 1, 4];
const STEPS = TURNS.reduce((sum, steps) => sum + steps);

interface Reducers {
  readonly server: typeof server.reduceSession;
  readonly client: typeof client.reduceSession;
  /** With a top each step has two halves; with an auxiliary head the client goes on before it is answered. */
  readonly holds: 'bottom' | 'top' | 'auxiliary';
}
const whole: Reducers = { server: server.reduceSession, client: client.reduceSession, holds: 'bottom' };
const halved: Reducers = { ...whole, holds: 'top' };
const ahead: Reducers = { ...whole, holds: 'auxiliary' };
const pace = { window: 3, alignEvery: 5 };
const rulesOf = {
  bottom: { contract },
  top: {
    contract: { ...contract, labels: [] },
    gradients: [{ name: 'hidden', dtype: 'float32', shape: [3] }],
    report: { sums: [], counts: [], judged: 1 },
  },
  auxiliary: { contract, pace },
} as const;

/** One client and one server, each a reducer, and what they send on its way as long as chance will have it. Answers what went wrong. */
function play(rng: ReturnType<typeof createRng>, reducers: Reducers): string[] {
  const { client: clientReducer, server: serverReducer, holds } = reducers;
  const halves = holds === 'top';
  const wrong: string[] = [];
  const [up, down]: [Message[], Message[]] = [[], []];
  const [applied, learned]: [number[], number[]] = [[], []];
  const [judged, returned]: [number[], number[]] = [[], []];
  let [turn, working, forwarding] = [0, 0, 0];
  let clientState = clientSession.initialSession(hello);
  clientState = { ...clientState, holds, ...(holds === 'auxiliary' ? { pace } : {}) };
  let serverState = serverSession.initialSession(rulesOf[holds]);
  const request = (step: number) => smashed(step, halves ? { labels: [] } : {});

  const atClient = (input: clientSession.SessionInput) => {
    const [state, effects] = clientReducer(clientState, input);
    clientState = state;
    for (const effect of effects) {
      if (effect.kind === 'send') up.push(effect.message);
      if (effect.kind === 'fail') wrong.push(`the client failed: ${effect.error.line}`);
      if (effect.kind === 'smash') atClient({ kind: 'smashed', message: request(effect.step) });
      if (effect.kind === 'judge') {
        const { step, tensors } = effect.message;
        judged.push(step);
        atClient({ kind: 'judged', message: { type: 'topGradient', step, loss: 0.3 * step, tensors } });
      }
      if (effect.kind === 'learn') {
        learned.push(effect.message.step);
        atClient({ kind: 'learned' });
      }
      if (effect.kind === 'upload') {
        const message = { type: 'bottom', round: effect.round, updates: null, payload: Uint8Array.of(7) } as const;
        atClient({ kind: 'bottom', message });
      }
    }
  };
  const atServer = (input: serverSession.SessionInput) => {
    const [state, effects] = serverReducer(serverState, input);
    serverState = state;
    for (const effect of effects) {
      if (effect.kind === 'send') down.push(effect.message);
      if (effect.kind === 'refuse') wrong.push(`the server refused: ${effect.error.line}`);
      if (effect.kind === 'admit') down.push(goldenMessages.welcome as Message<'welcome'>);
      if (effect.kind === 'admit') atServer({ kind: 'accepted', role: 'train' });
      const heard = effect.kind === 'heard' ? effect.message : undefined;
      if (heard?.type === 'smashed' || heard?.type === 'trained') {
        if (halves) forwarding = heard.step;
        else working = heard.step;
        applied.push(heard.step);
      }
      if (heard?.type === 'topGradient') {
        returned.push(heard.step);
        working = heard.step;
      }
      if (heard?.type === 'bottom') turn++;
      if (effect.kind === 'admit' || heard?.type === 'bottom') {
        const steps = TURNS[turn];
        if (steps) atServer({ kind: 'train', round: turn, steps, withOptimizer: false });
      }
    }
  };
  const practise = () => {
    const own = ownWork(clientState);
    if (own?.kind !== 'practise') return;
    if (!own.aligned) learned.push(own.step);
    atClient({ kind: 'practised', message: smashed(own.step) });
  };
  atClient({ kind: 'opened' });
  for (let event = 0; event < 2_000 && turn < TURNS.length && wrong.length === 0; event++) {
    const dice = rng.int(10);
    if (rng.int(2) === 0) practise();
    if (dice < 3 && up[0]) atServer({ kind: 'received', message: up.shift() as Message });
    else if (dice < 6 && down[0]) atClient({ kind: 'received', message: down.shift() as Message });
    else if (dice < 8 && forwarding > 0) {
      const step = forwarding;
      forwarding = 0;
      atServer({ kind: 'forwarded', outputs: gradient(step) });
    } else if (dice < 8 && working > 0) {
      const step = working;
      working = 0;
      atServer({ kind: 'applied', loss: step + 0.5, cutGradient: gradient(step) });
    }
  }
  const inOrder = Array.from({ length: STEPS }, (_, i) => i + 1).join();
  if (turn < TURNS.length) wrong.push(`it ended in turn ${turn}`);
  if (applied.join() !== inOrder) wrong.push(`applied: ${applied.join()}`);
  if (halves && judged.join() !== inOrder) wrong.push(`judged: ${judged.join()}`);
  if (halves && returned.join() !== inOrder) wrong.push(`returned: ${returned.join()}`);
  if (learned.join() !== inOrder) wrong.push(`learned: ${learned.join()}`);
  return wrong;
}

describe('steps of a client and a server', () => {
  it.each([whole, halved, ahead])(
    `are applied and learned from exactly once, in order, in ${SCHEDULES} schedules (TANDEM_SEED=${seed}), %o`,
    (reducers) => {
      for (let i = 0; i < SCHEDULES; i++) {
        expect(play(createRng('in-order', seed, i), reducers), `TANDEM_SEED=${seed}, schedule ${i}`).toEqual([]);
      }
    },
  );

  const mutants: Record<string, Partial<Reducers>> = {
    'a server that counts no step': {
      server: (state, input) => {
        const [next, effects] = server.reduceSession(state, input);
        return input.kind === 'applied' ? [{ ...next, last: state.last }, effects] : [next, effects];
      },
    },
    'a client that forgets what it has sent': {
      client: (state, input) => client.reduceSession({ ...state, underWay: [] }, input),
    },
  };

  it.each(Object.entries(mutants))('catches %s', (_, mutant) => {
    for (const reducers of [whole, halved, ahead]) expect(survives({ ...reducers, ...mutant })).toBe(false);
  });

  const aheadMutants: Record<string, Partial<Reducers>> = {
    'a server that takes what came ahead twice': {
      server: (state, input) => {
        const [next, effects] = server.reduceSession(state, input);
        return input.kind === 'applied' ? [{ ...next, queued: state.queued }, effects] : [next, effects];
      },
    },
    'a client that does not wait for the gradient of an aligned step': {
      client: (state, input) => {
        const [next, effects] = client.reduceSession(state, input);
        const last = next.underWay.at(-1);
        const waits = last && isAligned(pace, last.step);
        return waits ? [{ ...next, pace: { ...pace, alignEvery: null } }, effects] : [next, effects];
      },
    },
  };

  it.each(Object.entries(aheadMutants))('ahead of the server, catches %s', (_, mutant) => {
    expect(survives({ ...ahead, ...mutant })).toBe(false);
  });

  function survives(mutant: Reducers): boolean {
    const schedules = Array.from({ length: 100 }, (_, i) => createRng('in-order', seed, i));
    return schedules.every((rng) => play(rng, mutant).length === 0);
  }
});
