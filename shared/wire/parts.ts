import type { CodecState } from './codec.js';

/** Symbols on their way into bytes. Each part has a number of symbols that the receiver knows too, so no length travels. */
export interface PartWriter {
  /** `bits` is what a symbol needs at most, 1 to 8. The symbols are read before this returns. */
  put(symbols: Uint8Array, bits: number): void;
}

export interface PartReader {
  /** Throws BAD_MESSAGE where there are not so many. */
  take(count: number, bits: number): Uint8Array;
}

/** How symbols stand in bytes. */
export interface SymbolCoder {
  readonly name: string;
  write(fill: (out: PartWriter) => void, learns: boolean, state: CodecState): { bytes: Uint8Array; state: CodecState };
  /** Throws BAD_MESSAGE for what no `write` makes, bytes that are left over among it. */
  read<T>(
    bytes: Uint8Array,
    empty: (from: PartReader) => T,
    learns: boolean,
    state: CodecState,
  ): { value: T; state: CodecState };
}
