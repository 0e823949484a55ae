import { sizeOf } from '../../../ndarray.js';
import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { elementwise } from './elementwise.js';
import { positiveAxis, UntraceableError, type Lowerings } from './lowering.js';

/** Rows of `updates` added into zeros at the positions that `indices` [..., depth] name. */
function scatterAdd(trace: Tracer, indices: Value, updates: Value, shape: readonly number[]): Value {
  const empty = trace.spread(trace.cast(trace.scalar(0), updates.dtype), shape);
  return trace.node(
    'ScatterND',
    [empty, trace.cast(indices, 'int64'), updates],
    { shape, dtype: updates.dtype },
    { attributes: { reduction: 'add' } },
  );
}

/** ONNX counts negative places from the end; here they lie outside, as on tfjs. */
function refusable(trace: Tracer, places: Value, length: number): Value {
  if (places.origin.kind === 'constant') return places;
  const negative = elementwise(trace, 'Less', [places, trace.scalar(0, 'int32')], { dtype: 'bool' });
  return elementwise(trace, 'Where', [negative, trace.scalar(length, 'int32'), places], { dtype: 'int32' });
}

interface Gather {
  readonly axis: number;
  readonly batchDims?: number;
}

export const indexingLowerings = {
  GatherV2: (trace, { x, indices }: { x: Value; indices: Value }, { axis, batchDims = 0 }: Gather) => {
    if (batchDims !== 0) throw new UntraceableError('gather with batch dimensions');
    const along = positiveAxis(axis, x.shape);
    const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)];
    const places = refusable(trace, trace.cast(indices, 'int32'), x.shape[along] ?? 0);
    return trace.node('Gather', [x, places], { shape, dtype: x.dtype }, { attributes: { axis: along } });
  },
  GatherNd: (trace, { params, indices }: { params: Value; indices: Value }) => {
    const depth = indices.shape.at(-1) ?? 0;
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(depth)];
    return trace.node('GatherND', [params, trace.cast(indices, 'int64')], { shape, dtype: params.dtype });
  },
  ScatterNd: (trace, { indices, updates }: { indices: Value; updates: Value }, { shape }: { shape: number[] }) =>
    scatterAdd(trace, indices, updates, shape),
  UnsortedSegmentSum: (
    trace,
    { x, segmentIds }: { x: Value; segmentIds: Value },
    { numSegments }: { numSegments: number },
  ) => {
    const places = trace.reshape(segmentIds, [sizeOf(segmentIds.shape), 1]);
    return scatterAdd(trace, places, x, [numSegments, ...x.shape.slice(1)]);
  },
  OneHot: (
    trace,
    { indices }: { indices: Value },
    {
      depth,
      onValue,
      offValue,
      dtype = 'int32',
    }: { depth: number; onValue: number; offValue: number; dtype?: 'int32' | 'float32' | 'bool' },
  ) => {
    const classes = trace.constant(
      Int32Array.from({ length: depth }, (_, i) => i),
      [depth],
      'int32',
    );
    const places = trace.reshape(trace.cast(indices, 'int32'), [...indices.shape, 1]);
    const hit = elementwise(trace, 'Equal', [places, classes], { dtype: 'bool' });
    if (onValue === 1 && offValue === 0) return trace.cast(hit, dtype);
    const [on, off] = [trace.scalar(onValue), trace.scalar(offValue)];
    return trace.cast(elementwise(trace, 'Where', [hit, on, off], { dtype: 'float32' }), dtype);
  },
} satisfies Lowerings;
