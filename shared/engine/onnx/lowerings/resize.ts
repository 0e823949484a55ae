import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { matMul } from './matmul.js';
import type { Lowerings } from './lowering.js';

interface Resize {
  readonly size?: readonly [number, number];
  readonly alignCorners?: boolean;
  readonly halfPixelCenters?: boolean;
}

/** For each output pixel along one axis, the input pixels it mixes and their shares: a matrix [to, from]. */
type Mixing = (from: number, to: number, attrs: Resize) => Float32Array;

/** tfjs's own position rule, pixel by pixel. */
function position(at: number, from: number, to: number, { alignCorners, halfPixelCenters }: Resize): number {
  const scale = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  return halfPixelCenters ? (at + 0.5) * scale - 0.5 : at * scale;
}

const nearest: Mixing = (from, to, attrs) => {
  const matrix = new Float32Array(to * from);
  const scale = attrs.alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  for (let at = 0; at < to; at++) {
    const exact = attrs.halfPixelCenters ? scale * (at + 0.5) : scale * at;
    const pixel = attrs.alignCorners ? Math.round(exact) : Math.floor(exact);
    matrix[at * from + Math.min(from - 1, Math.max(0, pixel))] = 1;
  }
  return matrix;
};

const bilinear: Mixing = (from, to, attrs) => {
  const matrix = new Float32Array(to * from);
  for (let at = 0; at < to; at++) {
    const exact = position(at, from, to, attrs);
    const low = Math.max(0, Math.floor(exact));
    const share = exact - low;
    const high = Math.min(from - 1, Math.ceil(exact));
    const add = (pixel: number, amount: number) =>
      (matrix[at * from + pixel] = (matrix[at * from + pixel] ?? 0) + amount);
    add(low, 1 - share);
    add(high, share);
  }
  return matrix;
};

/** Resizing is linear in the image: a product with one matrix for its rows and one for its columns. */
function mix(trace: Tracer, image: Value, rows: Value, columns: Value, transposed: boolean): Value {
  const planes = trace.transpose(image, [0, 3, 1, 2]);
  const wide = matMul(trace, planes, columns, { transposeB: !transposed });
  const turned = matMul(trace, trace.transpose(wide, [0, 1, 3, 2]), rows, { transposeB: !transposed });
  return trace.transpose(turned, [0, 3, 2, 1]);
}

function matrices(trace: Tracer, mixing: Mixing, from: readonly number[], to: readonly number[], attrs: Resize) {
  return [1, 2].map((axis) => {
    const [before = 1, after = 1] = [from[axis], to[axis]];
    return trace.constant(mixing(before, after, attrs), [after, before], 'float32');
  }) as [Value, Value];
}

function resize(mixing: Mixing) {
  return (trace: Tracer, { images }: { images: Value }, attrs: Resize & { size: [number, number] }) => {
    const [rows, columns] = matrices(trace, mixing, images.shape, [0, ...attrs.size], attrs);
    return mix(trace, images, rows, columns, false);
  };
}

function resizeGradient(mixing: Mixing) {
  return (trace: Tracer, { images, dy }: { images: Value; dy: Value }, attrs: Resize) => {
    const [rows, columns] = matrices(trace, mixing, images.shape, dy.shape, attrs);
    return mix(trace, dy, rows, columns, true);
  };
}

export const resizeLowerings = {
  ResizeNearestNeighbor: resize(nearest),
  ResizeNearestNeighborGrad: resizeGradient(nearest),
  ResizeBilinear: resize(bilinear),
  ResizeBilinearGrad: resizeGradient(bilinear),
} satisfies Lowerings;
