import { TandemError } from '../errors.js';
import { firstNonFinite, sizeOf, type NdArray } from '../ndarray.js';
import { isPacked, type PackedArray } from '../protocol/tensor-payload.js';
import type { Codec } from './codec.js';
import { TensorContext } from './tensor-context.js';
import type { WireState } from './wire-state.js';

/** How the tensors of one message are coded. */
export interface TensorWay {
  /** Null for float32 as it is. */
  readonly codec: Codec | null;
  readonly stream: string;
  readonly learns: boolean;
  /** As in a codec's context. */
  readonly once?: boolean;
  /** These three as in a codec's context, for all tensors of the message. */
  readonly seed: number;
  readonly fixedSeed: number;
  readonly samples: Int32Array | null;
  readonly loss?: number | null;
  /** Of the sender's gradient correction; none if missing. */
  readonly lambda?: number;
  readonly mostBytes: number;
}

/** A packed tensor, and its codec's next state. A tensor that is not finite, or would not get smaller, is sent as it is. */
export function packTensor(tensor: NdArray, way: TensorWay, place: number, state: WireState): [NdArray, WireState] {
  const { codec } = way;
  const { dtype, shape, data } = tensor;
  if (!codec || dtype !== 'float32' || data.length === 0 || firstNonFinite(tensor) >= 0) return [tensor, state];
  const key = keyOf(way, place);
  const before = state[key] ?? null;
  const { bytes, state: after } = codec.encode(data as Float32Array, new TensorContext(way, shape, place), before);
  if (bytes.length >= data.byteLength) return [tensor, state];
  const packed: PackedArray = { dtype, shape, data: bytes, bits: 0 };
  return [packed, remember(state, key, way.learns ? after : before)];
}

/** The reverse. Throws BAD_MESSAGE. */
export function unpackTensor(tensor: NdArray, way: TensorWay, place: number, state: WireState): [NdArray, WireState] {
  if (!isPacked(tensor)) return [tensor, state];
  const { dtype, shape, data, bits } = tensor;
  if (!way.codec || dtype !== 'float32' || bits !== 0 || sizeOf(shape) === 0) {
    throw new TandemError('BAD_MESSAGE', `tensor ${place} of ${way.stream} is coded, and is not to be`);
  }
  const key = keyOf(way, place);
  const before = state[key] ?? null;
  const { values, state: after } = way.codec.decode(data, new TensorContext(way, shape, place), before);
  return [{ dtype, shape, data: values }, remember(state, key, way.learns ? after : before)];
}

function keyOf({ stream }: TensorWay, place: number): string {
  return `${stream}/${place}`;
}

function remember(state: WireState, key: string, after: unknown): WireState {
  return after === null || after === state[key] ? state : { ...state, [key]: after };
}
