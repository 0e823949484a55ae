import { describe, expect, it } from 'vitest';
import * as client from '../../client/session-reducer.js';
import * as server from '../../server/session/session-reducer.js';
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
}
const reducers: Reducers = { server: server.reduceSession, client: client.reduceSession };

/**
 * One client and one server, each a reducer, over a link that loses requests and replies; the client may send the
 * request under way again at any time. Answers what went wrong.
 */
function play(rng: ReturnType<typeof createRng>, { client: clientReducer, server: serverReducer }: Reducers): string[] {
  const wrong: string[] = [];
  const [up, down]: [Message[], Message[]] = [[], []];
  const [applied, learned]: [number[], number[]] = [[], []];
  let [turn, working] = [0, 0];
  let clientState = client.initialSession(hello);
  let serverState = server.initialSession(contract);

  const atClient = (input: client.SessionInput) => {
    const [state, effects] = clientReducer(clientState, input);
    clientState = state;
    for (const effect of effects) {
      if (effect.kind === 'send') up.push(effect.message);
      if (effect.kind === 'fail') wrong.push(`the client failed: ${effect.error.line}`);
      if (effect.kind === 'smash') atClient({ kind: 'smashed', message: smashed(effect.step) });
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
  const atServer = (input: server.SessionInput) => {
    const [state, effects] = serverReducer(serverState, input);
    serverState = state;
    for (const effect of effects) {
      if (effect.kind === 'send') down.push(effect.message);
      if (effect.kind === 'refuse') wrong.push(`the server refused: ${effect.error.line}`);
      if (effect.kind === 'step') {
        applied.push(effect.message.step);
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
  const lose = (queue: Message[]) => {
    if (queue[0]?.type === 'smashed' || queue[0]?.type === 'cutGradient') queue.shift();
  };

  atClient({ kind: 'opened' });
  for (let event = 0; event < 2_000 && turn < TURNS.length && wrong.length === 0; event++) {
    const dice = rng.int(10);
    if (dice < 3 && up[0]) atServer({ kind: 'received', message: up.shift() as Message });
    else if (dice < 6 && down[0]) atClient({ kind: 'received', message: down.shift() as Message });
    else if (dice < 8 && working > 0) {
      const step = working;
      working = 0;
      atServer({ kind: 'applied', loss: step + 0.5, cutGradient: gradient(step) });
    } else if (dice === 8 && clientState.pending && up.length < 5) up.push(clientState.pending);
    else if (dice === 9) lose(rng.int(2) === 0 ? up : down);
  }
  const inOrder = Array.from({ length: STEPS }, (_, i) => i + 1).join();
  if (turn < TURNS.length) wrong.push(`it ended in turn ${turn}`);
  if (applied.join() !== inOrder) wrong.push(`applied: ${applied.join()}`);
  if (learned.join() !== inOrder) wrong.push(`learned: ${learned.join()}`);
  return wrong;
}

describe('steps over a link that loses requests and replies', () => {
  it(`are applied and learned from exactly once, in order, in ${SCHEDULES} schedules (TANDEM_SEED=${seed})`, () => {
    for (let i = 0; i < SCHEDULES; i++) {
      expect(play(createRng('exactly-once', seed, i), reducers), `TANDEM_SEED=${seed}, schedule ${i}`).toEqual([]);
    }
  });

  const stepOf = (input: server.SessionInput) =>
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
    const schedules = Array.from({ length: 100 }, (_, i) => createRng('exactly-once', seed, i));
    expect(schedules.some((rng) => play(rng, { ...reducers, ...mutant }).length > 0)).toBe(true);
  });
});
