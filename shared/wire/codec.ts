/** What a codec is given besides the values. */
export interface CodecContext {
  /** The lengths of the tensor; the first is the sample, the last the channel. */
  readonly shape: readonly number[];
  /** The seed of random numbers, 32 bits: another one for each tensor of each message, and the same for a message that is computed again. */
  readonly seed: number;
  /** A seed that stays the same for the session. */
  readonly fixedSeed: number;
  /** Whether the values are learned from. If not, numbers are rounded to the nearest and the state stays as it is. */
  readonly learns: boolean;
  /** Whether the values are learned from many times over, though they travel once: errors would not average out, so numbers are rounded to the nearest. */
  readonly once?: boolean;
  /** Which sample each row is, by its number in the client's data; null where that is not known. */
  readonly samples: Int32Array | null;
  /** The training loss that the last cut gradient of the session brought; null or missing before any. */
  readonly loss?: number | null;
}

/** A codec's state between messages: plain data, never changed in place. Null at the start. */
export type CodecState = unknown;

/** Encoded values, and the codec's next state. */
export interface Coded {
  readonly bytes: Uint8Array;
  readonly state: CodecState;
}

/** Decoded values, and the codec's next state. */
export interface Decoded {
  readonly values: Float32Array;
  readonly state: CodecState;
}

/**
 * Float32 values to bytes and back. Both are pure functions; after a message both sides have the same state. Values are finite: what is not
 * is not given to a codec.
 */
export interface Codec {
  readonly name: string;
  /** Lambda of the sender's gradient correction: it learns as if half of this times the squared error, by sample, were part of the loss. None if missing. */
  readonly correction?: number;
  encode(values: Float32Array, context: CodecContext, state: CodecState): Coded;
  /** Throws BAD_MESSAGE for bytes that no `encode` makes; allocates no more than the shape asks for. */
  decode(bytes: Uint8Array, context: CodecContext, state: CodecState): Decoded;
  /** The largest error of any of these values after encoding and decoding, given the state before; Infinity where nothing is promised. */
  errorBound(values: Float32Array, context: CodecContext, state: CodecState): number;
}
