import { TandemError } from '../../errors.js';
import type { CodecState } from '../codec.js';
import type { SymbolCoder } from '../parts.js';
import { packedLength, packSymbols, unpackSymbols } from './packed-bits.js';
import {
  blend,
  costOf,
  countSymbols,
  modelOf,
  PROBABILITIES,
  PROBABILITY_BITS,
  sharesOf,
  type SymbolModel,
} from './symbol-model.js';
import { smallest } from '../../extremes.js';

/** How a part stands: as packed bits, by what was counted in the messages before, or by a table of its own. */
const PLAIN = 0;
const LEARNED = 1;
const OWN = 2;

/** The coder's state is from 2^23 to 2^31. */
const LOW = 1 << 23;

/**
 * Asymmetric numeral systems (Duda, 2013; Giesen's byte-wise rANS): frequent symbols take fewer bits. What is frequent is learned from the messages
 * before, of which both sides remember the counts, so that small messages need no table.
 */
export const rans: SymbolCoder = {
  name: 'rans',
  write(fill, learns, state) {
    const before = countsIn(state);
    const after: Int32Array[] = [];
    const pieces: Uint8Array[] = [];
    fill({
      put: (symbols, bits) => {
        const counts = countSymbols(symbols, bits);
        pieces.push(writePart(symbols, bits, counts, before[after.length]));
        after.push(blend(before[after.length], counts));
      },
    });
    const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return { bytes, state: learns ? after : state };
  },
  read(bytes, empty, learns, state) {
    const before = countsIn(state);
    const after: Int32Array[] = [];
    let at = 0;
    const take = (count: number, bits: number) => {
      const [symbols, end] = readPart(bytes, at, count, bits, before[after.length]);
      at = end;
      after.push(blend(before[after.length], countSymbols(symbols, bits)));
      return symbols;
    };
    const value = empty({ take });
    if (at !== bytes.length) throw broken(`has ${bytes.length - at} bytes too many`);
    return { value, state: learns ? after : state };
  },
};

function writePart(symbols: Uint8Array, bits: number, counts: Int32Array, before: Int32Array | undefined): Uint8Array {
  const plain = packedLength(symbols.length, bits);
  const learned = before?.length === counts.length ? sharesOf(before, 'every') : undefined;
  const own = symbols.length > 0 ? sharesOf(counts, 'counted') : undefined;
  const table = own ? writeTable(own, bits) : new Uint8Array();
  const costs = [
    plain,
    learned ? costOf(counts, learned) : Infinity,
    own ? table.length + costOf(counts, own) : Infinity,
  ];
  const mode = costs.indexOf(smallest(costs));
  if (mode === LEARNED && learned) return encode(symbols, modelOf(learned), Uint8Array.of(LEARNED));
  if (mode === OWN && own) return encode(symbols, modelOf(own), joined(Uint8Array.of(OWN), table));
  return joined(Uint8Array.of(PLAIN), packSymbols(symbols, bits));
}

function readPart(
  bytes: Uint8Array,
  at: number,
  count: number,
  bits: number,
  before: Int32Array | undefined,
): readonly [Uint8Array, number] {
  const mode = bytes[at];
  if (mode === PLAIN) {
    const end = at + 1 + packedLength(count, bits);
    if (end > bytes.length) throw broken('ends too soon');
    return [unpackSymbols(bytes.subarray(at + 1, end), count, bits), end];
  }
  if (mode === LEARNED && before?.length === 1 << bits) {
    return decode(bytes, at + 1, count, modelOf(sharesOf(before, 'every')));
  }
  if (mode !== OWN || count === 0) throw broken(`has a part of kind ${String(mode)}`);
  const [shares, end] = readTable(bytes, at + 1, bits);
  return decode(bytes, end, count, modelOf(shares));
}

/** Backwards, since a decoder gives back the last symbol first. */
function encode(symbols: Uint8Array, { shares, starts }: SymbolModel, head: Uint8Array): Uint8Array {
  // A symbol takes 12 bits at most.
  const room = new Uint8Array(head.length + 2 * symbols.length + 8);
  let at = room.length;
  let x = LOW;
  for (let i = symbols.length - 1; i >= 0; i--) {
    const symbol = symbols[i] as number;
    const share = shares[symbol] as number;
    const most = (LOW >> PROBABILITY_BITS) * 256 * share;
    while (x >= most) {
      room[--at] = x & 255;
      x >>>= 8;
    }
    const whole = (x / share) | 0;
    x = whole * PROBABILITIES + (x - whole * share) + (starts[symbol] as number);
  }
  for (let i = 0; i < 4; i++) room[--at] = x >>> (8 * i);
  at -= head.length;
  room.set(head, at);
  return room.subarray(at);
}

function decode(
  bytes: Uint8Array,
  start: number,
  count: number,
  { shares, starts }: SymbolModel,
): readonly [Uint8Array, number] {
  if (start + 4 > bytes.length) throw broken('ends too soon');
  const bySlot = new Uint8Array(PROBABILITIES);
  for (let s = 0; s < shares.length; s++) bySlot.fill(s, starts[s], (starts[s] as number) + (shares[s] as number));
  let at = start;
  let x = 0;
  for (let i = 0; i < 4; i++) x = x * 256 + (bytes[at++] as number);
  if (x < LOW || x >= LOW * 256) throw broken('begins with a state that there is not');
  const symbols = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const slot = x & (PROBABILITIES - 1);
    const symbol = bySlot[slot] as number;
    symbols[i] = symbol;
    x = (shares[symbol] as number) * (x >>> PROBABILITY_BITS) + slot - (starts[symbol] as number);
    while (x < LOW) {
      if (at >= bytes.length) throw broken('ends too soon');
      x = x * 256 + (bytes[at++] as number);
    }
  }
  if (x !== LOW) throw broken('does not end as it began');
  return [symbols, at];
}

/** A bit for each symbol that there is, then the share of each but the last in two bytes. */
function writeTable(shares: Uint16Array, bits: number): Uint8Array {
  const present = [...shares.keys()].filter((s) => (shares[s] as number) > 0);
  const map = packSymbols(
    Uint8Array.from(shares, (share) => (share > 0 ? 1 : 0)),
    1,
  );
  const bytes = new Uint8Array(packedLength(1 << bits, 1) + 2 * (present.length - 1));
  bytes.set(map);
  present.slice(0, -1).forEach((s, i) => {
    bytes[map.length + 2 * i] = shares[s] as number;
    bytes[map.length + 2 * i + 1] = (shares[s] as number) >> 8;
  });
  return bytes;
}

function readTable(bytes: Uint8Array, start: number, bits: number): readonly [Uint16Array, number] {
  const size = 1 << bits;
  let at = start + packedLength(size, 1);
  if (at > bytes.length) throw broken('ends too soon');
  const present = unpackSymbols(bytes.subarray(start, at), size, 1);
  const last = present.lastIndexOf(1);
  const shares = new Uint16Array(size);
  let left = PROBABILITIES;
  for (let s = 0; s < last; s++) {
    if (present[s] === 0) continue;
    const share = (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
    at += 2;
    left -= share;
    if (share === 0 || left <= 0) throw broken('has a table that does not sum up');
    shares[s] = share;
  }
  if (last < 0) throw broken('has a table that does not sum up');
  shares[last] = left;
  return [shares, at];
}

/** What was counted, by part; a session begins with nothing. */
function countsIn(state: CodecState): readonly Int32Array[] {
  return Array.isArray(state) ? (state as Int32Array[]) : [];
}

function joined(head: Uint8Array, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

function broken(what: string): TandemError {
  return new TandemError('BAD_MESSAGE', `a coded tensor ${what}`);
}
