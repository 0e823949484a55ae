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

/** Runs every way with so many seeds. */
export async function measureCurve(
  { ways, metric, clients }: Comparison,
  data: ClientData,
  seeds: number,
): Promise<CurvePoint[]> {
  const loadedEngine = await chooseEngine('auto');
  const points: CurvePoint[] = [];
  for (const { family, name, task, options } of ways) {
    const runs: Omit<CurvePoint, 'family' | 'name'>[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const { summary } = await simulate({ task, data, clients, seed, loadedEngine, ...options });
      const { bytes, evaluationBytes, metrics, seconds } = summary;
      const training = bytes.total + bytes.link - evaluationBytes;
      runs.push({ score: metrics[metric] ?? NaN, bytes: training, evaluationBytes, seconds });
    }
    const middle = (of: keyof (typeof runs)[number]) => median(runs.map((run) => run[of]));
    const point = { score: middle('score'), bytes: middle('bytes'), evaluationBytes: middle('evaluationBytes') };
    points.push({ family, name, ...point, seconds: middle('seconds') });
    process.stderr.write(
      `${family}, ${name}: ${(100 * point.score).toFixed(2)} %, ${(point.bytes / 1e6).toFixed(2)} MB\n`,
    );
  }
  return points;
}
