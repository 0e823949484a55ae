import { TandemError } from '../shared/errors.js';
import { areFinite, largestOf, USUAL, type NdArray } from '../shared/ndarray.js';
import type { Message } from '../shared/protocol/messages.js';
import type { SessionState } from './session-state.js';

/** This client's own segments have computed something unusable, such as NaN. */
export class BreakDown extends TandemError {
  constructor(what: string, step?: number) {
    super('BAD_VALUE', what, undefined, step);
  }
}

/** Runs a computation of this client's own. Throws BreakDown in place of BAD_VALUE. */
export function ofOwn<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TandemError && error.code === 'BAD_VALUE') throw new BreakDown(error.message, error.step);
    throw error;
  }
}

/** Reads tensors of the server. An error says that this client's data are not at fault. */
export function ofServer<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TandemError) || (error.code !== 'BAD_VALUE' && error.code !== 'BAD_SHAPE')) throw error;
    const what = `the server sent what cannot be used: ${error.message}`;
    throw new TandemError(error.code, what, "tell whoever runs it: this client's data are not at fault", error.step);
  }
}

/** Weights this many times as large as those that the run began with are unusual, too: several layers of them make very large values. */
const MOST_GROWTH = 10;

/** The server's last weights and gradients, to tell after a break-down whether it comes of them or of this client's own data. */
export class LastGiven {
  private bottom: Uint8Array = new Uint8Array();
  /** The largest value of the first bottom. */
  private first: number | undefined;
  private tensors: readonly NdArray[] = [];

  note(message: Message): void {
    if (message.type === 'bottom') {
      this.bottom = message.payload;
      this.first ??= largestIn(message.payload);
    }
    if (message.type === 'middleOutput' || message.type === 'cutGradient') this.tensors = message.tensors;
  }

  /** The same error, or where this client's values are unusable, one that says whose fault that is and what to do. */
  explain(error: TandemError, { underWay, gradient }: Pick<SessionState, 'underWay' | 'gradient'>): TandemError {
    if (error.code !== 'BAD_VALUE') return error;
    if (error instanceof BreakDown) return this.brokenDown(error);
    const smashed = underWay.flatMap((message) => (message.type === 'smashed' ? message.tensors : []));
    const sent = [...smashed, ...(gradient?.tensors ?? [])];
    return areFinite(sent) && largestOf(sent) <= USUAL ? error : this.brokenDown(error);
  }

  private brokenDown({ message: what, step }: TandemError): TandemError {
    const ofBottom = largestIn(this.bottom);
    const largest = Math.max(largestOf(this.tensors), ofBottom);
    if (largest <= USUAL && ofBottom <= MOST_GROWTH * (this.first ?? ofBottom)) {
      const why = `${what}: this comes of this client's own part of the model, and nothing that the server gave it was unusual`;
      const action = "check this client's data and their scale; whoever runs the server can lower the learning rate";
      return new TandemError('BAD_VALUE', why, action, step);
    }
    const why = `${what}: the server gave this client values up to ${largest.toPrecision(2)}, of which this may come`;
    const action = 'tell whoever runs the server: a lower learning rate or --max-gradient keeps values usual';
    return new TandemError('BAD_VALUE', why, action, step);
  }
}

/** The largest value of a payload of float32, in which a codec or a state of an optimizer may be something else. */
function largestIn(payload: Uint8Array): number {
  // Copied, since a Float32Array cannot begin at any byte.
  const { buffer, length } = payload.slice();
  return largestOf([{ data: new Float32Array(buffer, 0, Math.floor(length / 4)) }]);
}
