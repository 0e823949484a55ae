import type { RunResult } from '../server/run/summarise.js';
import { asTandemError, type TandemError } from '../shared/errors.js';
import type { RunEvent, RunSummary } from '../shared/events.js';
import { buildPlaced } from '../shared/model/build.js';
import { trainingFlops } from '../shared/model/compute-cost.js';
import { findSchedule } from '../shared/schedules.js';
import { findTopology } from '../shared/topologies.js';
import { simulate, type SimulateOptions } from './simulate.js';
import type { Variant } from './variants.js';

/** One row of a comparison: how a run with these settings went, or why it makes no sense. */
export interface ComparedRun {
  /** What sets the run apart, e.g. `schedule=sequential, partition=iid`. */
  readonly name: string;
  readonly summary: RunSummary | null;
  readonly rounds: number;
  /** Work of one client on average, in 10^9 floating-point operations; see shared/model/compute-cost.ts. */
  readonly clientGflop: number;
  /** The loss over the run: means of equal stretches of steps. */
  readonly losses: readonly number[];
  /** Why there is no summary. */
  readonly refusal: string | null;
}

const CURVE_POINTS = 60;

/** Runs one variant on the data and seed of all. A combination that makes no sense is answered with its refusal. */
export async function compareOne(base: SimulateOptions, variant: Variant): Promise<ComparedRun> {
  const losses: number[] = [];
  let rounds = 0;
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'step') losses.push(event.loss);
    if (event.kind === 'round-started') rounds = Math.max(rounds, event.round + 1);
    base.onEvent?.(event);
  };
  // An engine that is loaded already would win over the one the variant asks for.
  const loadedEngine = variant.options.engine === undefined ? base.loadedEngine : undefined;
  const options = { ...base, ...variant.options, loadedEngine, onEvent };
  let result: RunResult;
  try {
    result = await simulate(options);
  } catch (error) {
    const refusal = asTandemError(error);
    if (!makesNoSense(refusal)) throw error;
    return { name: variant.name, summary: null, rounds: 0, clientGflop: 0, losses: [], refusal: refusal.message };
  }
  const { summary } = result;
  const clientGflop = (await clientFlops(options, summary)) / 1e9;
  return { name: variant.name, summary, rounds, clientGflop, losses: curve(losses), refusal: null };
}

function makesNoSense({ code }: TandemError): boolean {
  return code === 'BAD_OPTION' || code === 'BAD_CUT' || code === 'BAD_DATA';
}

/** Without a lane everything is computed where the data are; else the segments that the topology places there. */
async function clientFlops({ task, ...options }: SimulateOptions, summary: RunSummary): Promise<number> {
  const { samples, clients, seed } = summary;
  // A custom row cannot be found by its name.
  const schedule = findSchedule(options.schedule ?? summary.schedule);
  const topology = findTopology(options.topology ?? summary.topology);
  const undivided = schedule.clients === 'none';
  const placed = await buildPlaced(task, undivided ? { seed, topology: 'vanilla' } : { seed, topology, schedule });
  const { cut, auxiliary } = placed;
  const held =
    undivided || cut.specs.length === 1
      ? cut.specs
      : cut.specs.filter(({ index, of }) => topology.party(index, of) === 'client');
  const flops = await Promise.all([...held, ...(auxiliary ? [auxiliary.spec] : [])].map(trainingFlops));
  return (flops.reduce((sum, one) => sum + one, 0) * samples) / clients;
}

function curve(losses: readonly number[]): number[] {
  const points = Math.min(CURVE_POINTS, losses.length);
  return Array.from({ length: points }, (_, i) => {
    const stretch = losses.slice((i * losses.length) / points, ((i + 1) * losses.length) / points);
    return stretch.reduce((sum, loss) => sum + loss, 0) / stretch.length;
  });
}
