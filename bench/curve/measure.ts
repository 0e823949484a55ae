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

/** Runs every way with one seed after another, and answers what was reached so far after each. */
export async function* measureCurve(
  { ways, metric, clients }: Comparison,
  data: ClientData,
  seeds: number,
): AsyncGenerator<CurvePoint[]> {
  const loadedEngine = await chooseEngine('auto');
  const runs = ways.map((): Omit<CurvePoint, 'family' | 'name'>[] => []);
  for (let seed = 1; seed <= seeds; seed++) {
    for (const [i, { family, name, task, options }] of ways.entries()) {
      const { summary } = await simulate({ task, data, clients, seed, loadedEngine, ...options });
      const { bytes, evaluationBytes, metrics, seconds } = summary;
      const training = bytes.total + bytes.link - evaluationBytes;
      const score = metrics[metric] ?? NaN;
      runs[i]?.push({ score, bytes: training, evaluationBytes, seconds });
      process.stderr.write(
        `seed ${seed}, ${family}, ${name}: ${(100 * score).toFixed(2)} %, ${(training / 1e6).toFixed(2)} MB\n`,
      );
    }
    yield ways.map(({ family, name }, i) => ({ family, name, ...middles(runs[i] ?? []) }));
  }
}

function middles(runs: readonly Omit<CurvePoint, 'family' | 'name'>[]): Omit<CurvePoint, 'family' | 'name'> {
  const middle = (of: keyof (typeof runs)[number]) => median(runs.map((run) => run[of]));
  const [score, bytes] = [middle('score'), middle('bytes')];
  return { score, bytes, evaluationBytes: middle('evaluationBytes'), seconds: middle('seconds') };
}
