import { int32, type NdArray } from '../ndarray.js';

/** How many classes an output of this width tells apart: a single logit says yes or no. */
export function classesOf(width: number): number {
  return width === 1 ? 2 : width;
}

/** The class each label's scores speak for: the largest; of a single logit, its sign. Calls `visit` for each label. */
export function eachPrediction(
  labels: NdArray,
  outputs: NdArray,
  visit: (label: number, predicted: number, scores: NdArray['data']) => void,
): void {
  const rows = labels.data.length;
  const width = outputs.data.length / rows;
  for (let row = 0; row < rows; row++) {
    const scores = outputs.data.subarray(row * width, (row + 1) * width);
    const predicted = width === 1 ? Number((scores[0] ?? 0) > 0) : argMax(scores);
    visit(labels.data[row] ?? NaN, predicted, scores);
  }
}

/** One-hot labels as class numbers. */
export function classNumbers({ shape, data }: NdArray): NdArray {
  const width = shape.at(-1) ?? 1;
  const numbers = Array.from({ length: data.length / width }, (_, i) =>
    argMax(data.subarray(i * width, (i + 1) * width)),
  );
  return int32(shape.slice(0, -1), numbers);
}

function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}
