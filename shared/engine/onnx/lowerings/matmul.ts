import { sizeOf } from '../../../ndarray.js';
import type { Tracer } from '../trace/tracer.js';
import { broadcastShape, type Value } from '../trace/value.js';
import { add } from './elementwise.js';
import { facts } from './facts.js';
import { UntraceableError, type Lowerings } from './lowering.js';
import { activate } from './unary.js';

interface MatMulAttributes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

interface FusedAttributes extends MatMulAttributes {
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/** A product of matrices, each with any number of batch dimensions before the last two. */
export function matMul(
  trace: Tracer,
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: MatMulAttributes = {},
  bias?: Value,
): Value {
  const rows = transposeA ? a.shape.at(-1) : a.shape.at(-2);
  const columns = transposeB ? b.shape.at(-2) : b.shape.at(-1);
  const inner = (transposeA ? a.shape.at(-2) : a.shape.at(-1)) ?? 1;
  const batch = broadcastShape([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const shape = [...batch, rows ?? 1, columns ?? 1];
  const count = sizeOf(batch);
  const oneB = sizeOf(b.shape.slice(0, -2)) === 1;
  // Gemm multiplies plain matrices and knows transposed operands; a batch against one matrix is one tall product.
  if (count === 1 || (oneB && !transposeA)) {
    const left = trace.reshape(a, transposeA ? [inner, rows ?? 1] : [count * (rows ?? 1), inner]);
    const right = trace.reshape(b, b.shape.slice(-2));
    const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
    const output = { shape: [count * (rows ?? 1), columns ?? 1], dtype: 'float32' } as const;
    const result = trace.reshape(trace.node('Gemm', [left, right, bias], output, { attributes }), shape);
    if (!bias) facts.withBias.set(result, (row) => matMul(trace, a, b, { transposeA, transposeB }, row));
    return result;
  }
  const left = transposeA ? trace.transpose(a, swapLast(a.shape.length)) : a;
  const right = transposeB ? trace.transpose(b, swapLast(b.shape.length)) : b;
  const product = trace.node('MatMul', [left, right], { shape, dtype: 'float32' });
  return bias ? add(trace, product, bias) : product;
}

/** Axes with the last two exchanged. */
function swapLast(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}

/** Applies what tfjs fuses to a product or convolution. */
export function withActivation(
  trace: Tracer,
  x: Value,
  { activation, leakyreluAlpha }: Pick<FusedAttributes, 'activation' | 'leakyreluAlpha'>,
  slopes: Value | undefined,
): Value {
  const result = activate(trace, x, activation, slopes, leakyreluAlpha);
  if (!result) throw new UntraceableError(`the fused activation '${String(activation)}'`);
  return result;
}

interface FusedInputs {
  a: Value;
  b: Value;
  bias?: Value;
  preluActivationWeights?: Value;
}

export const matMulLowerings = {
  BatchMatMul: (trace, { a, b }: { a: Value; b: Value }, attributes: MatMulAttributes) =>
    matMul(trace, a, b, attributes),
  _FusedMatMul: (trace, { a, b, bias, preluActivationWeights }: FusedInputs, attributes: FusedAttributes) => {
    const row = bias && bias.shape.length <= 1;
    const product = matMul(trace, a, b, attributes, row ? bias : undefined);
    const shifted = bias && !row ? add(trace, product, bias) : product;
    return withActivation(trace, shifted, attributes, preluActivationWeights);
  },
} satisfies Lowerings;
