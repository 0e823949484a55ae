import type { ClientData } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { simulate } from '../../simulator/simulate.js';
import { median } from '../measuring.js';
import type { Comparison, Family, WayToTrain } from './ways.js';

/** What one way of training reached, and what it cost: medians over the seeds. */
export interface CurvePoint {
  readonly family: Family;
  readonly name: string;
  /** The metric of the comparison. */
  readonly score: number;
  /** Of whole messages both ways, labels and weights included; those of tests apart. */
  readonly bytes: number;
  readonly evaluationBytes: number;
  readonly seconds: number;
}

export type Reached = Omit<CurvePoint, 'family' | 'name'>;

/** What ways have reached with one seed, by `keyOf`. */
export type SeedRuns = Readonly<Record<string, Reached>>;

/** Runs ways with one seed: those whose key has the text `only` in it. */
export async function measureSeed(
  { ways, metric, clients }: Comparison,
  data: ClientData,
  seed: number,
  only = '',
): Promise<SeedRuns> {
  const loadedEngine = await chooseEngine('auto');
  const runs: Record<string, Reached> = {};
  for (const way of ways) {
    const { task, options } = way;
    const key = keyOf(way);
    if (!key.includes(only)) continue;
    const { summary } = await simulate({ task, data, clients, seed, loadedEngine, ...options });
    const { bytes, evaluationBytes, metrics, seconds } = summary;
    const training = bytes.total + bytes.link - evaluationBytes;
    const score = metrics[metric] ?? NaN;
    runs[key] = { score, bytes: training, evaluationBytes, seconds };
    process.stderr.write(`seed ${seed}, ${key}: ${(100 * score).toFixed(2)} %, ${(training / 1e6).toFixed(2)} MB\n`);
  }
  return runs;
}

/** The medians of what each way has reached with each seed; nothing of a way that no seed has. */
export function mediansOf({ ways }: Comparison, seeds: readonly SeedRuns[]): CurvePoint[] {
  return ways.flatMap((way) => {
    const runs = seeds.flatMap((each) => each[keyOf(way)] ?? []);
    if (runs.length === 0) return [];
    const middle = (of: keyof Reached) => median(runs.map((run) => run[of]));
    const { family, name } = way;
    const [score, bytes] = [middle('score'), middle('bytes')];
    return { family, name, score, bytes, evaluationBytes: middle('evaluationBytes'), seconds: middle('seconds') };
  });
}

export function keyOf({ family, name }: Pick<WayToTrain, 'family' | 'name'>): string {
  return `${family}: ${name}`;
}
