import type { Value } from '../trace/value.js';
import { add, elementwise, multiply } from './elementwise.js';
import type { Lowerings } from './lowering.js';

interface BatchNorm {
  x: Value;
  mean: Value;
  variance: Value;
  offset?: Value;
  scale?: Value;
}

export const normalisationLowerings = {
  /** One factor and one shift a channel, then one pass each over the data. */
  FusedBatchNorm: (
    trace,
    { x, mean, variance, offset, scale }: BatchNorm,
    { varianceEpsilon }: { varianceEpsilon: number },
  ) => {
    const deviation = elementwise(trace, 'Sqrt', [
      elementwise(trace, 'Add', [variance, trace.scalar(varianceEpsilon)]),
    ]);
    const inverse = elementwise(trace, 'Reciprocal', [deviation]);
    const factor = scale ? multiply(trace, inverse, scale) : inverse;
    const scaled = multiply(trace, elementwise(trace, 'Sub', [x, mean]), factor);
    return offset ? add(trace, scaled, offset) : scaled;
  },
} satisfies Lowerings;
