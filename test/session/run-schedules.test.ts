import { describe, expect, it } from 'vitest';
import { reduceRun } from '../../server/run/run-reducer.js';
import { RunWorld } from './run-world.js';

const seed = process.env.TANDEM_SEED ?? '53';
const SCHEDULES = 2_000;

describe('runs in random schedules', () => {
  it(`keep the plan, the counts and an end, in ${SCHEDULES} schedules (TANDEM_SEED=${seed})`, () => {
    const ends = new Map<string | null, number>();
    for (let i = 0; i < SCHEDULES; i++) {
      const world = new RunWorld(reduceRun, seed, i).play();
      expect(world.violations, `TANDEM_SEED=${seed}, schedule ${i}`).toEqual([]);
      const end = world.finished?.error ?? null;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    // Both ends must have been seen often, or the schedules are too tame.
    expect(ends.get(null)).toBeGreaterThan(100);
    expect(ends.get('NO_CLIENTS')).toBeGreaterThan(100);
  });

  const mutants: Record<string, typeof reduceRun> = {
    'takes the steps of a turn in another order': (state, input) => {
      const [next, effects] = reduceRun(state, input);
      const begun = next.turn && next.turn.clients !== state.turn?.clients;
      return [
        begun && next.turn ? { ...next, turn: { ...next.turn, order: next.turn.order.toReversed() } } : next,
        effects,
      ];
    },
    'waits for a client that has left': (state, input) =>
      input.kind === 'left' && state.phase === 'training' ? [state, []] : reduceRun(state, input),
    'does not count the steps of a client that is gone': (state, input) => {
      const [next, effects] = reduceRun(state, input);
      const gone = input.kind === 'step-applied' && !state.members.some((m) => m.client === input.client && m.present);
      return [gone ? { ...next, steps: state.steps } : next, effects];
    },
    'forgets a step that was done': (state, input) => {
      const [next, effects] = reduceRun(state, input);
      return [input.kind === 'step-applied' ? { ...next, members: state.members } : next, effects];
    },
    'keeps the lane busy after a refused step': (state, input) =>
      input.kind === 'step-refused' ? [state, []] : reduceRun(state, input),
    'merges before the last bottom has come': (state, input) =>
      input.kind === 'bottom-uploaded' && state.turn?.order.length === 0
        ? reduceRun({ ...state, turn: { ...state.turn, clients: [input.client] } }, input)
        : reduceRun(state, input),
    'ends without waiting for the evaluation': (state, input) =>
      reduceRun(input.kind === 'evaluated' ? { ...state, evaluating: [] } : state, input),
    'leaves out evaluations on its way': (state, input) => {
      const [next, effects] = reduceRun(state, input);
      return [input.kind === 'merged' ? { ...next, watch: { ...next.watch, round: next.round + 1 } } : next, effects];
    },
    'keeps a model that is not the best': (state, input) =>
      reduceRun(input.kind === 'scored' ? { ...state, watch: { ...state.watch, best: null } } : state, input),
    'has no end of patience': (state, input) =>
      reduceRun(input.kind === 'scored' ? { ...state, watch: { ...state.watch, waited: -9 } } : state, input),
    'trains with clients that still evaluate': (state, input) => {
      const [next, effects] = reduceRun(state, input);
      const forgets = input.kind === 'deadline-passed' && state.phase === 'evaluating';
      return [forgets ? { ...next, members: state.members } : next, effects];
    },
  };

  it.each(Object.entries(mutants))('the checks catch a run that %s', (_, mutant) => {
    const seeds = Array.from({ length: 400 }, (_, i) => i);
    expect(seeds.some((i) => new RunWorld(mutant, seed, i).play().violations.length > 0)).toBe(true);
  });
});
