import { parseAggregation } from '../../../shared/aggregation.js';
import { refusalOf } from '../../../shared/combinations.js';
import type { RunOptions } from '../../../shared/config.js';
import { createRng } from '../../../shared/rng.js';
import { aggregates, findSchedule, scheduleNames } from '../../../shared/schedules.js';
import type { Task } from '../../../shared/task.js';
import { findTopology, topologyNames } from '../../../shared/topologies.js';
import { pick } from './odd-values.js';
import { partiesTask, rowsTask } from './small-tasks.js';

/** One who takes part: what it is called in the run, and whether it says what is so. */
export interface Role {
  readonly lies: boolean;
  /** Vertical: which party it is. */
  readonly party: number | 'active' | undefined;
  /** Where its words are changed: on its own link, or above the relay that it goes through. */
  readonly lying: 'client' | 'relay';
  /** Comes for a place that somebody else has, and takes it if that one does nothing with it. */
  readonly isSpare: boolean;
}

/** What a seed draws: a run, and who takes part in it. */
export interface Scene {
  readonly task: Task;
  readonly options: RunOptions;
  readonly graceSeconds: number;
  readonly roles: readonly Role[];
  /** Whether an honest client asks for predictions while the run goes on, and whether one does that lies. */
  readonly asks: boolean;
  readonly asksOddly: boolean;
  /** Whether somebody has said hello for every place, and nothing else, before the first of them comes. */
  readonly isSquatted: boolean;
  /** Whether it is the server that lies, to clients that are all honest. */
  readonly serverLies: boolean;
}

/** Every combination that runs. */
export const combinations = topologyNames.flatMap((topology) =>
  scheduleNames.flatMap((schedule) => {
    const isRun = findSchedule(schedule).clients !== 'none';
    const fits = refusalOf(findTopology(topology), findSchedule(schedule)) === undefined;
    return isRun && fits ? [{ topology, schedule }] : [];
  }),
);

const RULES: readonly string[] = ['mean', 'mean', 'median', 'clip:1+mean', 'trimmed-mean:0.25', 'krum:0', 'fedadam'];

export function drawScene(seed: string): Scene {
  const rng = createRng('scene', seed);
  const { topology, schedule } = pick(rng, combinations);
  const isVertical = findTopology(topology).data === 'features';
  const common = { topology, schedule, epochs: 2, seed: rng.int(1_000), deadlineSeconds: 2, engine: 'tfjs' };
  const isSquatted = rng.int(8) === 0;
  const [graceSeconds, asks, asksOddly] = [pick(rng, [0, 0, 5]), !isVertical && rng.int(3) === 0, rng.int(4) === 0];
  if (isVertical) {
    const passive = 2 + rng.int(2);
    const liars = new Set([rng.int(passive + 1)]);
    const roles = Array.from({ length: passive + 1 }, (_, place) => {
      const party = place === passive ? ('active' as const) : place;
      return { lies: liars.has(place), party, lying: 'client' as const, isSpare: false };
    });
    const spare = roles.filter(({ lies }) => lies).map((role) => ({ ...role, lies: false, isSpare: true }));
    const options = { ...common, clients: passive + 1, missing: 'zero' as const, aligned: rng.int(3) > 0 };
    return {
      task: partiesTask,
      options,
      graceSeconds,
      roles: [...roles, ...spare],
      asks: false,
      asksOddly,
      isSquatted: isSquatted && options.aligned,
      serverLies: false,
    };
  }
  const liars = 1 + rng.int(2);
  const [honest, lying] = [2 + rng.int(2), pick(rng, ['client', 'client', 'relay'] as const)];
  const roles = Array.from({ length: honest + liars }, (_, i) => ({
    lies: i < liars,
    party: undefined,
    lying,
    isSpare: false,
  }));
  const evaluateEvery = rng.int(2) === 0 ? {} : { evaluateEvery: 1, ...(rng.int(2) === 0 ? { patience: 2 } : {}) };
  const participation = rng.int(5) === 0 ? { participation: 0.6 } : {};
  const roundSteps = rng.int(3) === 0 ? { roundSteps: 2 } : {};
  const aggregation = aggregates(findSchedule(schedule))
    ? { aggregation: ruleFor(pick(rng, RULES), roles.length) }
    : {};
  const own = { ...evaluateEvery, ...participation, ...roundSteps, ...aggregation };
  const options = { ...common, clients: roles.length, ...own };
  return { task: rowsTask, options, graceSeconds, roles, asks, asksOddly, isSquatted, serverLies: false };
}

/** The same run with a server, or relays, that lie to clients that are all honest. */
export function withLyingServer({ roles, ...scene }: Scene): Scene {
  const honest = roles.filter(({ isSpare }) => !isSpare).map((role) => ({ ...role, lies: false }));
  return { ...scene, roles: honest, asksOddly: false, isSquatted: false, serverLies: true };
}

/** Some rules need more clients than take part in each round. */
function ruleFor(rule: string, clients: number): string {
  const robust: readonly unknown[] = ['krum', 'multi-krum', 'trimmed-mean', 'median'];
  try {
    return robust.includes(parseAggregation(rule, clients).rule) && clients < 5 ? 'mean' : rule;
  } catch {
    return 'mean';
  }
}
