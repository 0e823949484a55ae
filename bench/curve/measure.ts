import type { ClientData } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { simulate } from '../../simulator/simulate.js';
import { median } from '../measuring.js';
import type { Comparison, Family } from './ways.js';

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

/** Runs every way with one seed. */
export async function measureSeed(
  { ways, metric, clients }: Comparison,
  data: ClientData,
  seed: number,
): Promise<Reached[]> {
  const loadedEngine = await chooseEngine('auto');
  const runs: Reached[] = [];
  for (const { family, name, task, options } of ways) {
    const { summary } = await simulate({ task, data, clients, seed, loadedEngine, ...options });
    const { bytes, evaluationBytes, metrics, seconds } = summary;
    const training = bytes.total + bytes.link - evaluationBytes;
    const score = metrics[metric] ?? NaN;
    runs.push({ score, bytes: training, evaluationBytes, seconds });
    process.stderr.write(
      `seed ${seed}, ${family}, ${name}: ${(100 * score).toFixed(2)} %, ${(training / 1e6).toFixed(2)} MB\n`,
    );
  }
  return runs;
}

/** The medians of what each way has reached with each seed. */
export function mediansOf({ ways }: Comparison, seeds: readonly (readonly Reached[])[]): CurvePoint[] {
  return ways.map(({ family, name }, i) => {
    const runs = seeds.flatMap((each) => each.slice(i, i + 1));
    const middle = (of: keyof Reached) => median(runs.map((run) => run[of]));
    const [score, bytes] = [middle('score'), middle('bytes')];
    return { family, name, score, bytes, evaluationBytes: middle('evaluationBytes'), seconds: middle('seconds') };
  });
}
