import * as tf from '#tfjs';
import { sizeOf } from '../../../ndarray.js';
import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { positiveAxis, type Lowerings } from './lowering.js';

interface Single {
  x: Value;
}

type Many = Readonly<Record<string, Value>>;

type Pairs = readonly (readonly [number, number])[];

function concat(trace: Tracer, values: readonly Value[], axis: number): Value {
  const [first] = values as readonly [Value, ...Value[]];
  const along = positiveAxis(axis, first.shape);
  const parts = values.filter((value) => sizeOf(value.shape) > 0);
  if (parts.length === 1 && parts[0]) return parts[0];
  const shape = [...first.shape];
  shape[along] = parts.reduce((sum, value) => sum + (value.shape[along] ?? 0), 0);
  return trace.node('Concat', parts, { shape, dtype: first.dtype }, { attributes: { axis: along } });
}

export function slice(trace: Tracer, x: Value, begin: readonly number[], size: readonly number[]): Value {
  const axes = x.shape.flatMap((length, axis) => (size[axis] === length ? [] : [axis]));
  if (axes.length === 0) return x;
  const pick = (of: readonly number[]) => trace.integers(axes.map((axis) => of[axis] ?? 0));
  const end = begin.map((from, axis) => from + (size[axis] ?? 0));
  return trace.node('Slice', [x, pick(begin), pick(end), trace.integers(axes)], { shape: size, dtype: x.dtype });
}

/** Adds elements around; a transposed operand is padded as it lies in memory. */
export function pad(trace: Tracer, x: Value, paddings: Pairs, constant: number, mode = 'constant'): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const { origin } = x;
  if (origin.kind === 'transposed') {
    const inner: [number, number][] = [];
    origin.order.forEach((from, to) => (inner[from] = [...(paddings[to] ?? [0, 0])]));
    return trace.transpose(pad(trace, origin.of, inner, constant, mode), origin.order);
  }
  const shape = x.shape.map((length, i) => length + (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0));
  const pads = trace.integers([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  const filler = mode === 'constant' && constant !== 0 ? trace.cast(trace.scalar(constant), x.dtype) : undefined;
  const inputs = filler ? [x, pads, filler] : [x, pads];
  return trace.node('Pad', inputs, { shape, dtype: x.dtype }, { attributes: { mode } });
}

/** Splits along an axis into parts of the given sizes. */
function split(trace: Tracer, x: Value, sizes: readonly number[], axis: number): Value[] {
  if (sizes.length === 1) return [x];
  const shapes = sizes.map((size) => x.shape.map((length, i) => (i === axis ? size : length)));
  const outputs = shapes.map((shape) => ({ shape, dtype: x.dtype }));
  return trace.nodeWithOutputs('Split', [x, trace.integers(sizes)], outputs, { attributes: { axis } });
}

interface StridedSlice {
  begin: number[];
  end: number[];
  strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

function stridedSlice(trace: Tracer, x: Value, a: StridedSlice): Value {
  const info = tf.slice_util.sliceInfo(
    [...x.shape],
    a.begin,
    a.end,
    a.strides,
    a.beginMask,
    a.endMask,
    a.ellipsisMask,
    a.newAxisMask,
    a.shrinkAxisMask,
  );
  const { begin, end, strides, finalShape, finalShapeSparse } = info;
  // ONNX cannot say "before the first" but by a number below every index.
  const ends = end.map((to, i) => ((strides[i] ?? 1) < 0 && to < 0 ? -(2 ** 31) : to));
  const axes = begin.map((_, axis) => axis);
  const shape = axes.map((axis) => {
    const [from = 0, to = 0, stride = 1] = [begin[axis], end[axis], strides[axis]];
    return Math.max(0, Math.ceil((to - from) / stride));
  });
  const inputs = [x, ...[begin, ends, axes, strides].map((values) => trace.integers(values))];
  const cut = trace.node('Slice', inputs, { shape, dtype: x.dtype });
  return trace.reshape(cut, sizeOf(finalShape) === sizeOf(shape) ? finalShape : finalShapeSparse);
}

function insert(shape: readonly number[], axis: number, length: number): number[] {
  return [...shape.slice(0, axis), length, ...shape.slice(axis)];
}

export const shapeLowerings = {
  Reshape: (trace, { x }: Single, { shape }: { shape: number[] }) =>
    trace.reshape(x, tf.util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ExpandDims: (trace, { input }: { input: Value }, { dim }: { dim: number }) =>
    trace.reshape(input, insert(input.shape, dim < 0 ? input.shape.length + dim + 1 : dim, 1)),
  Transpose: (trace, { x }: Single, { perm }: { perm: number[] }) => trace.transpose(x, perm),
  Concat: (trace, inputs: Many, { axis }: { axis: number }) => concat(trace, Object.values(inputs), axis),
  Pack: (trace, inputs: Many, { axis }: { axis: number }) => {
    const values = Object.values(inputs);
    const along = axis < 0 ? axis + (values[0]?.shape.length ?? 0) + 1 : axis;
    const cells = values.map((value) => trace.reshape(value, insert(value.shape, along, 1)));
    return concat(trace, cells, along);
  },
  Unpack: (trace, { value }: { value: Value }, { axis }: { axis: number }) => {
    const along = positiveAxis(axis, value.shape);
    const shape = value.shape.filter((_, i) => i !== along);
    const ones = new Array<number>(value.shape[along] ?? 0).fill(1);
    return split(trace, value, ones, along).map((part) => trace.reshape(part, shape));
  },
  SplitV: (trace, { x }: Single, { numOrSizeSplits, axis }: { numOrSizeSplits: number | number[]; axis: number }) => {
    const along = positiveAxis(axis, x.shape);
    const length = x.shape[along] ?? 0;
    const sizes =
      typeof numOrSizeSplits === 'number'
        ? new Array<number>(numOrSizeSplits).fill(length / numOrSizeSplits)
        : numOrSizeSplits.map((size) =>
            size >= 0 ? size : length - numOrSizeSplits.reduce((sum, other) => sum + Math.max(other, 0), 0),
          );
    return split(trace, x, sizes, along);
  },
  Slice: (trace, { x }: Single, { begin, size }: { begin: number | number[]; size: number | number[] }) => {
    const [from, count] = tf.slice_util.parseSliceParams({ shape: [...x.shape] } as tf.Tensor, begin, size) as [
      number[],
      number[],
    ];
    return slice(trace, x, from, count);
  },
  StridedSlice: (trace, { x }: Single, attributes: StridedSlice) => stridedSlice(trace, x, attributes),
  PadV2: (trace, { x }: Single, { paddings, constantValue }: { paddings: Pairs; constantValue: number }) =>
    pad(trace, x, paddings, constantValue),
  // ONNX calls it reflect to leave out the edge itself; tfjs's symmetric repeats it, which ONNX has not.
  MirrorPad: (trace, { x }: Single, { paddings, mode }: { paddings: Pairs; mode: 'reflect' | 'symmetric' }) =>
    mode === 'reflect' ? pad(trace, x, paddings, 0, 'reflect') : symmetricPad(trace, x, paddings),
  Tile: (trace, { x }: Single, { reps }: { reps: number[] }) => {
    const shape = x.shape.map((length, i) => length * (reps[i] ?? 1));
    const spreads = x.shape.every((length, i) => length === 1 || reps[i] === 1);
    return spreads ? trace.spread(x, shape) : trace.node('Tile', [x, trace.integers(reps)], { shape, dtype: x.dtype });
  },
  BroadcastTo: (trace, { x }: Single, { shape }: { shape: number[] }) => trace.spread(x, shape),
  Reverse: (trace, { x }: Single, { dims }: { dims: number | number[] }) => {
    const axes = tf.util.parseAxisParam(dims, [...x.shape]);
    const same = (value: number) => trace.integers(axes.map(() => value));
    return trace.node('Slice', [x, same(-1), same(-(2 ** 31)), trace.integers(axes), same(-1)], x);
  },
  Fill: (
    trace,
    _: Many,
    { shape, value, dtype = 'float32' }: { shape: number[]; value: number; dtype?: 'float32' | 'int32' },
  ) => trace.spread(trace.scalar(value, dtype), shape),
  ZerosLike: (trace, { x }: Single) => trace.spread(trace.cast(trace.scalar(0), x.dtype), x.shape),
  OnesLike: (trace, { x }: Single) => trace.spread(trace.cast(trace.scalar(1), x.dtype), x.shape),
  Range: (
    trace,
    _: Many,
    { start, stop, step, dtype }: { start: number; stop: number; step: number; dtype: 'float32' | 'int32' },
  ) => {
    const values = Array.from({ length: Math.max(0, Math.ceil((stop - start) / step)) }, (_, i) => start + i * step);
    const data = dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
    return trace.constant(data, [values.length], dtype);
  },
} satisfies Lowerings;

function symmetricPad(trace: Tracer, x: Value, paddings: Pairs): Value {
  return paddings.reduce((value, [before, after], axis) => {
    const length = value.shape[axis] ?? 0;
    const order = Array.from({ length: before + length + after }, (_, i) => {
      const from = i - before;
      return from < 0 ? -from - 1 : from < length ? from : 2 * length - from - 1;
    });
    if (before === 0 && after === 0) return value;
    const shape = value.shape.map((old, i) => (i === axis ? order.length : old));
    return trace.node('Gather', [value, trace.integers(order)], { shape, dtype: x.dtype }, { attributes: { axis } });
  }, x);
}
