import type { NdArray } from '../ndarray.js';
import { isPacked } from '../protocol/tensor-payload.js';
import { rowsOf } from './front.js';
import { within } from './clamp-finite.js';
import { unpackTensor, type TensorWay } from './pack-tensor.js';
import type { WireState } from './wire-state.js';

/** The correction that is added to a step's gradient, for each tensor; null where the codec changed nothing. */
interface Correction {
  readonly step: number;
  readonly added: readonly (Float32Array | null)[];
}

type Tensors = readonly NdArray[];

/**
 * Gradient correction (FedLite, Wang et al., 2022): the sender learns as if half of `lambda` times the squared error of its codec, by sample, were part of
 * the loss. Returns the state with what the gradient of this step will be corrected by, as long as none is sent after it.
 */
export function withCorrection(
  state: WireState,
  step: number,
  way: TensorWay,
  before: WireState,
  { tensors, packed }: { readonly tensors: Tensors; readonly packed: Tensors },
): WireState {
  const { lambda = 0 } = way;
  if (lambda === 0) return state;
  const added = tensors.map((tensor, place) => {
    const sent = packed[place];
    if (!sent || !isPacked(sent)) return null;
    const [{ data: heard }] = unpackTensor(sent, way, place, before);
    const share = lambda / Math.max(1, rowsOf(tensor.shape, heard.length).rows);
    return Float32Array.from(heard, (value, i) => within(share * ((tensor.data[i] as number) - value)));
  });
  const correction: Correction = { step, added };
  return { ...state, [keyOf(way.stream)]: correction };
}

/** Gradients of the step's tensors, which went out on `stream`, as their sender learns from them. */
export function corrected(gradients: Tensors, state: WireState, stream: string, step: number): Tensors {
  const correction = state[keyOf(stream)] as Correction | undefined;
  if (correction?.step !== step) return gradients;
  return gradients.map((gradient, place) => {
    const added = correction.added[place];
    // A gradient of another size is refused by its reader.
    if (added?.length !== gradient.data.length || gradient.dtype !== 'float32') return gradient;
    const data = Float32Array.from(added, (value, i) => within(value + (gradient.data[i] as number)));
    return { ...gradient, data };
  });
}

function keyOf(stream: string): string {
  return `correction of ${stream}`;
}
