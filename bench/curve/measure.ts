import { loadMnist } from '../../client/node/data/mnist.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { simulate } from '../../simulator/simulate.js';
import { median } from '../measuring.js';
import { waysToTrain, type Family } from './ways.js';

/** What one way of training reached, and what it cost: medians over the seeds. */
export interface CurvePoint {
  readonly family: Family;
  readonly name: string;
  readonly accuracy: number;
  /** Of whole messages both ways, labels and weights included; those of tests apart. */
  readonly bytes: number;
  readonly evaluationBytes: number;
  readonly seconds: number;
}

/** Runs every way with so many seeds. */
export async function measureCurve(seeds: number): Promise<CurvePoint[]> {
  const loadedEngine = await chooseEngine('auto');
  const data = await loadMnist();
  const points: CurvePoint[] = [];
  for (const { family, name, task, options } of waysToTrain) {
    const runs: Omit<CurvePoint, 'family' | 'name'>[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const { summary } = await simulate({ task, data, clients: 2, seed, loadedEngine, ...options });
      const { bytes, evaluationBytes, testAccuracy, seconds } = summary;
      const training = bytes.total + bytes.link - evaluationBytes;
      runs.push({ accuracy: testAccuracy ?? 0, bytes: training, evaluationBytes, seconds });
    }
    const middle = (of: keyof (typeof runs)[number]) => median(runs.map((run) => run[of]));
    const point = { accuracy: middle('accuracy'), bytes: middle('bytes'), evaluationBytes: middle('evaluationBytes') };
    points.push({ family, name, ...point, seconds: middle('seconds') });
    process.stderr.write(
      `${family}, ${name}: ${(100 * point.accuracy).toFixed(2)} %, ${(point.bytes / 1e6).toFixed(2)} MB\n`,
    );
  }
  return points;
}
