import type { Engine, Segment, SegmentBatch } from '../shared/engine/engine.js';
import { adam } from '../shared/engine/optimizer.js';
import { readModelWeights, weightSpecs } from '../shared/model/weights.js';
import { float32, int32, sizeOf } from '../shared/ndarray.js';
import { createRng, withSeededRandom } from '../shared/rng.js';
import type { BenchNet } from './engine-nets.js';

/** What the benchmarks of engines train, and on what. */
export const BATCH = 64;
export const BATCHES = 32;

/** A whole network as one segment with the loss. */
export function segmentOf(engine: Engine, net: BenchNet): Promise<Segment> {
  const model = withSeededRandom(['bench'], net.model);
  const topology = JSON.stringify(model.toJSON(null, false));
  const spec = { index: 0, of: 1, topology, inputs: [], outputs: [], weights: weightSpecs(model) };
  const weights = readModelWeights(model);
  model.dispose();
  return engine.segment({ spec, weights, optimizer: adam(0.001), loss: 'softmaxCrossEntropy', seed: 7, stream: 0 });
}

/** Several, so that no network learns them by heart: gradients near 0 are slow to compute with. */
export function batchesFor({ inputShape }: BenchNet): SegmentBatch[] {
  const rng = createRng('bench data');
  const shape = [BATCH, ...inputShape];
  return Array.from({ length: BATCHES }, () => ({
    inputs: [float32(shape, Array.from({ length: sizeOf(shape) }, rng.float))],
    labels: [
      int32(
        [BATCH],
        Array.from({ length: BATCH }, () => rng.int(10)),
      ),
    ],
  }));
}
