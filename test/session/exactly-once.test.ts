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

/**
 * One client and one server, each a reducer, over a link that loses requests and replies; the client may send the
 * request under way again at any time. Answers what went wrong.
 */
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
      if (effect.kind === 'step') {
        if (halves) forwarding = effect.message.step;
        else working = effect.message.step;
        applied.push(effect.message.step);
      }
      if (effect.kind === 'gradient') {
        returned.push(effect.message.step);
        working = effect.message.step;
      }
      if (effect.kind === 'admit') {
        down.push(goldenMessages.welcome as Message<'welcome'>);
        atServer({ kind: 'accepted', role: 'train' });
      }
      if (effect.kind === 'bottom') turn++;
      if (effect.kind === 'admit' || effect.kind === 'bottom') {
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
  const lose = (queue: Message[]) => {
    if (queue[0] && ['smashed', 'middleOutput', 'topGradient', 'cutGradient', 'applied'].includes(queue[0].type))
      queue.shift();
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
    } else if (dice === 8 && clientState.underWay.length > 0 && up.length < 7)
      up.push(...(rng.int(3) > 0 && clientState.gradient ? [clientState.gradient] : clientState.underWay));
    else if (dice === 9) lose(rng.int(2) === 0 ? up : down);
  }
  const inOrder = Array.from({ length: STEPS }, (_, i) => i + 1).join();
  if (turn < TURNS.length) wrong.push(`it ended in turn ${turn}`);
  if (applied.join() !== inOrder) wrong.push(`applied: ${applied.join()}`);
  if (halves && judged.join() !== inOrder) wrong.push(`judged: ${judged.join()}`);
  if (halves && returned.join() !== inOrder) wrong.push(`returned: ${returned.join()}`);
  if (learned.join() !== inOrder) wrong.push(`learned: ${learned.join()}`);
  return wrong;
}

describe('steps over a link that loses requests and replies', () => {
  it.each([whole, halved, ahead])(
    `are applied and learned from exactly once, in order, in ${SCHEDULES} schedules (TANDEM_SEED=${seed}), %o`,
    (reducers) => {
      for (let i = 0; i < SCHEDULES; i++) {
        expect(play(createRng('exactly-once', seed, i), reducers), `TANDEM_SEED=${seed}, schedule ${i}`).toEqual([]);
      }
    },
  );

  const stepOf = (input: serverSession.SessionInput) =>
    input.kind === 'received' && input.message.type === 'smashed' ? input.message.step : Infinity;
  const mutants: Record<string, Partial<Reducers>> = {
    'a server that looks for gaps before duplicates': {
      server: (state, input) =>
        stepOf(input) <= state.last
          ? [state, [{ kind: 'send', message: { type: 'nack', last: state.last } }]]
          : server.reduceSession(state, input),
    },
    'a server that does a repeated step again': {
      server: (state, input) =>
        stepOf(input) === state.last && state.phase === 'training'
          ? server.reduceSession({ ...state, last: state.last - 1, answered: null }, input)
          : server.reduceSession(state, input),
    },
    'a server that keeps no replies': {
      server: (state, input) => server.reduceSession({ ...state, answered: null }, input),
    },
    'a client that learns from a reply twice': {
      client: (state, input) => {
        const [next, effects] = client.reduceSession(state, input);
        const again = input.kind === 'received' && input.message.type === 'cutGradient' && effects.length === 0;
        return again ? [next, [{ kind: 'learn', message: input.message, samples: 2 }]] : [next, effects];
      },
    },
  };

  it.each(Object.entries(mutants))('catches %s', (_, mutant) => {
    expect(survives({ ...whole, ...mutant })).toBe(false);
  });

  const gradientOf = (input: serverSession.SessionInput) =>
    input.kind === 'received' && input.message.type === 'topGradient' ? input.message.step : Infinity;
  const halvedMutants: Record<string, Partial<Reducers>> = {
    'a server that goes back twice': {
      server: (state, input) =>
        gradientOf(input) === state.last + 1
          ? server.reduceSession({ ...state, gradient: null }, input)
          : server.reduceSession(state, input),
    },
    'a server that keeps no middle output': {
      server: (state, input) =>
        stepOf(input) === state.last + 1 && state.output ? [state, []] : server.reduceSession(state, input),
    },
    'a client that judges a middle output twice': {
      client: (state, input) =>
        input.kind === 'received' && input.message.type === 'middleOutput'
          ? client.reduceSession({ ...state, gradient: null }, input)
          : client.reduceSession(state, input),
    },
  };

  it.each(Object.entries(halvedMutants))('in two halves, catches %s', (_, mutant) => {
    expect(survives({ ...halved, ...mutant })).toBe(false);
  });

  const appliedOf = (input: clientSession.SessionInput) =>
    input.kind === 'received' && input.message.type === 'applied' ? input.message.step : 0;
  const aheadMutants: Record<string, Partial<Reducers>> = {
    'a server that takes what came ahead twice': {
      server: (state, input) => {
        const [next, effects] = server.reduceSession(state, input);
        return input.kind === 'applied' ? [{ ...next, queued: state.queued }, effects] : [next, effects];
      },
    },
    'a client that takes an answer for that step alone': {
      client: (state, input) => {
        const [next, effects] = client.reduceSession(state, input);
        const earlier = state.underWay.filter(({ step }) => step < appliedOf(input));
        return [{ ...next, underWay: [...earlier, ...next.underWay] }, effects];
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
    const schedules = Array.from({ length: 100 }, (_, i) => createRng('exactly-once', seed, i));
    return schedules.every((rng) => play(rng, mutant).length === 0);
  }
});
