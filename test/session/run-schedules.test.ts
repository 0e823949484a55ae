import { describe, expect, it } from 'vitest';
import { ActiveTurn } from '../../server/run/active-turn.js';
import { advanceRun } from '../../server/run/run-reducer.js';
import { RunWorld } from './run-world.js';

const seed = process.env.TANDEM_SEED ?? '53';
const SCHEDULES = 2_000;

describe('runs in random schedules', () => {
  it(`keep the plan, the counts and an end, in ${SCHEDULES} schedules (TANDEM_SEED=${seed})`, () => {
    const ends = new Map<string | null, number>();
    for (let i = 0; i < SCHEDULES; i++) {
      const world = new RunWorld(advanceRun, seed, i).play();
      expect(world.violations, `TANDEM_SEED=${seed}, schedule ${i}`).toEqual([]);
      const end = world.finished?.error ?? null;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    // Both ends must have been seen often, or the schedules are too tame.
    expect(ends.get(null)).toBeGreaterThan(100);
    expect(ends.get('NO_CLIENTS')).toBeGreaterThan(100);
  });

  const mutants: Record<string, typeof advanceRun> = {
    'takes the steps of a turn in another order': (state, input) => {
      const effects = advanceRun(state, input);
      const begun = effects.some(({ kind }) => kind === 'begin-turn') && state.turn?.snapshot();
      if (begun) {
        const turn = { ...begun.turn, quotas: begun.turn.quotas.toReversed() };
        state.turn = ActiveTurn.restore(state.settings, { ...begun, turn });
      }
      return effects;
    },
    'forgets its place in the order': (state, input) => {
      const effects = advanceRun(state, input);
      const snapshot = state.turn?.snapshot();
      if (snapshot)
        state.turn = ActiveTurn.restore(state.settings, { ...snapshot, passed: Math.max(0, snapshot.passed - 1) });
      return effects;
    },
    'waits for a client that has left': (state, input) =>
      input.kind === 'left' && state.phase === 'training' ? [] : advanceRun(state, input),
    'does not count the steps of a client that is gone': (state, input) => {
      const { steps } = state;
      const gone = input.kind === 'step-applied' && !state.members.get(input.client)?.present;
      const effects = advanceRun(state, input);
      if (gone) state.steps = steps;
      return effects;
    },
    'forgets a step that was done': (state, input) => {
      const effects = advanceRun(state, input);
      const member = input.kind === 'step-applied' ? state.members.get(input.client) : undefined;
      if (member) member.done--;
      return effects;
    },
    'keeps the lane busy after a refused step': (state, input) =>
      input.kind === 'step-refused' ? [] : advanceRun(state, input),
    'merges before the last bottom has come': (state, input) => {
      if (input.kind === 'bottom-uploaded' && state.busy.size === 0)
        state.turn?.open.filter((client) => client !== input.client).forEach((client) => state.turn?.drop(client));
      return advanceRun(state, input);
    },
    'merges before the last update': (state, input) => {
      if (input.kind === 'bottom-uploaded') state.busy.clear();
      return advanceRun(state, input);
    },
    'ends without waiting for the evaluation': (state, input) => {
      if (input.kind === 'evaluated') state.evaluating.clear();
      return advanceRun(state, input);
    },
    'leaves out evaluations on its way': (state, input) => {
      const effects = advanceRun(state, input);
      if (input.kind === 'merged') state.earlyStopping = { ...state.earlyStopping, round: state.round + 1 };
      return effects;
    },
    'keeps a model that is not the best': (state, input) => {
      if (input.kind === 'scored') state.earlyStopping = { ...state.earlyStopping, best: null };
      return advanceRun(state, input);
    },
    'has no end of patience': (state, input) => {
      if (input.kind === 'scored') state.earlyStopping = { ...state.earlyStopping, waited: -9 };
      return advanceRun(state, input);
    },
    'trains with clients that still evaluate': (state, input) => {
      const forgets = input.kind === 'deadline-passed' && state.phase === 'evaluating';
      const lagging = new Set([...state.members.values()].filter((member) => member.lagging));
      const effects = advanceRun(state, input);
      if (forgets) for (const member of state.members.values()) member.lagging = lagging.has(member);
      return effects;
    },
  };

  it.each(Object.entries(mutants))('the checks catch a run that %s', (_, mutant) => {
    const seeds = Array.from({ length: 400 }, (_, i) => i);
    expect(seeds.some((i) => new RunWorld(mutant, seed, i).play().violations.length > 0)).toBe(true);
  });
});
