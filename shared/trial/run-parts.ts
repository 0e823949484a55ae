import { TfjsSegment } from '../engine/tfjs/tfjs-segment.js';
import { sgd } from '../engine/optimizer.js';
import { firstLine } from '../engine/layer-error.js';
import { TandemError } from '../errors.js';
import type { SegmentSpec } from '../model/segment-spec.js';
import { namedValues, weightKey } from '../model/weights.js';
import { ndarray, sizeOf, type NdArray } from '../ndarray.js';
import { TRIAL_SEED, type TrialRun } from './run-whole.js';
import type { Trial, TrialBatch } from './try-out.js';

/** The same step as the parties will compute it: parts made from what is sent, smashed data up, cut gradients down. */
export async function runParts({ cut, loss }: Trial, { inputs, labels }: TrialBatch): Promise<TrialRun> {
  const segments: TfjsSegment[] = [];
  try {
    for (const [index, spec] of cut.specs.entries()) {
      const last = index === cut.specs.length - 1;
      const own = last && loss !== undefined ? { loss } : {};
      const weights = cut.weights[index] ?? [];
      const options = {
        spec,
        weights,
        optimizer: sgd(),
        seed: TRIAL_SEED,
        stream: 0,
        inputGradients: index > 0,
        ...own,
      };
      segments.push(await TfjsSegment.create(options));
    }
    let tensors = inputs;
    for (const [index, segment] of segments.entries()) {
      const withLoss = index === segments.length - 1 && loss !== undefined;
      ({ outputs: tensors } = await segment.forward(withLoss ? { inputs: tensors, labels } : { inputs: tensors }, 0));
      refuseOtherType(segment.spec, tensors);
    }
    const outputs = tensors;
    let gradient: readonly NdArray[] | undefined = loss === undefined ? outputs.map(onesLike) : undefined;
    const gradients = new Map<string, NdArray | null>();
    for (const segment of [...segments].reverse()) {
      gradient = await segment.backward(gradient);
      const found = await segment.gradients();
      const trained = segment.spec.weights.filter(({ trainable }) => trainable);
      trained.forEach((weight, i) => gradients.set(weightKey(weight), found[i] ?? null));
    }
    const weights = new Map<string, NdArray>();
    for (const segment of segments) {
      const values = await segment.weights();
      for (const [key, value] of namedValues(segment.spec, values)) weights.set(key, value);
    }
    return { outputs, gradients, weights };
  } catch (error) {
    if (error instanceof TandemError && error.code !== 'BAD_VALUE') throw error;
    throw new TandemError('BAD_MODEL', `the model cannot be run after it is cut: ${firstLine(error)}`);
  } finally {
    segments.forEach((segment) => segment.dispose());
  }
}

/** tfjs takes a layer's outputs for float32 whatever it computes; what crosses a cut is checked for what was said of it. */
function refuseOtherType({ outputs }: SegmentSpec, tensors: readonly NdArray[]): void {
  outputs.forEach(({ name, dtype }, i) => {
    const given = tensors[i]?.dtype;
    if (given === undefined || given === dtype) return;
    throw new TandemError(
      'BAD_MODEL',
      `layer '${name}' returns ${given} where ${dtype} was expected`,
      'cast it in the layer, with tf.cast, or cut elsewhere',
    );
  });
}

function onesLike({ shape }: Pick<NdArray, 'shape'>): NdArray {
  return ndarray('float32', shape, new Float32Array(sizeOf(shape)).fill(1));
}
