import { sizeOf } from '../../../ndarray.js';
import type { OnnxType } from '../graph/onnx-graph.js';
import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { elementwise } from './elementwise.js';
import { facts } from './facts.js';
import { axesOf, positiveAxis, type Lowerings } from './lowering.js';

type Axis = number | readonly number[] | null;

interface Reduced {
  readonly axis?: Axis;
  readonly reductionIndices?: Axis;
  readonly keepDims?: boolean;
}

/** Reduces along axes; a transposed operand is reduced as it lies in memory. */
function reduce(trace: Tracer, op: string, x: Value, axes: readonly number[], keepDims = false): Value {
  const gone = new Set(axes);
  const kept = x.shape.map((length, axis) => (gone.has(axis) ? 1 : length));
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !gone.has(axis));
  const { origin } = x;
  const unpooled = op === 'ReduceSum' && gone.has(1) && gone.has(2) ? facts.unpooled.get(x) : undefined;
  if (unpooled) return reduce(trace, op, unpooled.gradient, axes, keepDims);
  if (axes.every((axis) => x.shape[axis] === 1)) return trace.reshape(x, shape);
  if (origin.kind === 'transposed') {
    const inner = axes.map((axis) => origin.order[axis] ?? axis);
    const reduced = reduce(trace, op, origin.of, inner, true);
    return trace.reshape(trace.transpose(reduced, origin.order), shape);
  }
  const output = { shape: kept, dtype: x.dtype };
  const attributes = { keepdims: 1 };
  return trace.reshape(trace.node(op, [x, trace.integers([...axes].sort(ascending))], output, { attributes }), shape);
}

function ascending(a: number, b: number): number {
  return a - b;
}

function reduction(op: string, dtype?: OnnxType) {
  return (trace: Tracer, { x }: { x: Value }, attributes: Reduced) => {
    const number = x.dtype === 'bool' ? trace.cast(x, 'int32') : x;
    const axes = axesOf(attributes.axis ?? attributes.reductionIndices, x.shape);
    const result = reduce(trace, op, number, axes, attributes.keepDims);
    return dtype ? trace.cast(result, dtype) : result;
  };
}

/** The position of the extreme, the first one where several are equal. */
function argument(op: string) {
  return (trace: Tracer, { x }: { x: Value }, { axis }: { axis: number }) => {
    const along = positiveAxis(axis, x.shape);
    const shape = x.shape.filter((_, i) => i !== along);
    const found = trace.node(op, [x], { shape, dtype: 'int64' }, { attributes: { axis: along, keepdims: 0 } });
    return trace.cast(found, 'int32');
  };
}

function softmax(trace: Tracer, op: 'Softmax' | 'LogSoftmax', x: Value, axis: number): Value {
  const attributes = { axis: positiveAxis(axis, x.shape) };
  return trace.node(op, [x], { shape: x.shape, dtype: 'float32' }, { attributes });
}

export const reductionLowerings = {
  Sum: reduction('ReduceSum'),
  Mean: (trace, { x }: { x: Value }, { axis, keepDims }: Reduced) => {
    const axes = axesOf(axis, x.shape);
    const sum = reduce(trace, 'ReduceSum', trace.cast(x, 'float32'), axes, keepDims);
    const count = sizeOf(axes.map((along) => x.shape[along] ?? 1));
    return elementwise(trace, 'Mul', [sum, trace.scalar(1 / count)]);
  },
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  All: reduction('ReduceMin', 'bool'),
  Any: reduction('ReduceMax', 'bool'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Softmax: (trace, { logits }: { logits: Value }, { dim }: { dim: number }) => softmax(trace, 'Softmax', logits, dim),
  LogSoftmax: (trace, { logits }: { logits: Value }, { axis }: { axis: number }) =>
    softmax(trace, 'LogSoftmax', logits, axis),
  Cumsum: (trace, { x }: { x: Value }, attributes: { axis: number; exclusive: boolean; reverse: boolean }) => {
    const axis = trace.reshape(trace.integers([positiveAxis(attributes.axis, x.shape)]), []);
    const flags = { exclusive: Number(attributes.exclusive), reverse: Number(attributes.reverse) };
    return trace.node('CumSum', [x, axis], x, { attributes: flags });
  },
} satisfies Lowerings;
