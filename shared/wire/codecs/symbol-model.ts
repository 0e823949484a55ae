/** Probabilities of rANS have so many bits. */
export const PROBABILITY_BITS = 12;
export const PROBABILITIES = 1 << PROBABILITY_BITS;

/** How often each symbol is expected, out of 4096, and the sum of those before it. */
export interface SymbolModel {
  readonly shares: Uint16Array;
  readonly starts: Uint16Array;
}

/** Throws nothing: `shares` sum to 4096. */
export function modelOf(shares: Uint16Array): SymbolModel {
  const starts = new Uint16Array(shares.length);
  for (let s = 1; s < shares.length; s++) starts[s] = (starts[s - 1] as number) + (shares[s - 1] as number);
  return { shares, starts };
}

/** Counts as shares, in whole numbers alone, so that two machines have the same. Every symbol has one, or those that were counted. */
export function sharesOf(counts: Int32Array, which: 'every' | 'counted'): Uint16Array {
  const shares = new Uint16Array(counts.length);
  let [total, present, largest] = [0, 0, 0];
  for (let s = 0; s < counts.length; s++) {
    const count = counts[s] as number;
    total += count;
    if (which === 'every' || count > 0) present++;
    if (count > (counts[largest] as number)) largest = s;
  }
  const spare = PROBABILITIES - present;
  let left = spare;
  for (let s = 0; s < counts.length; s++) {
    const count = counts[s] as number;
    if (which === 'counted' && count === 0) continue;
    const more = total > 0 ? Math.floor((count * spare) / total) : 0;
    shares[s] = 1 + more;
    left -= more;
  }
  shares[largest] = (shares[largest] as number) + left;
  return shares;
}

export function countSymbols(symbols: Uint8Array, bits: number): Int32Array {
  const counts = new Int32Array(1 << bits);
  for (const symbol of symbols) counts[symbol] = (counts[symbol] as number) + 1;
  return counts;
}

/** What came lately counts more: an eighth of what was counted before is forgotten. */
export function blend(before: Int32Array | undefined, counts: Int32Array): Int32Array {
  if (before?.length !== counts.length) return counts;
  return counts.map((count, s) => {
    const old = before[s] as number;
    return count + old - (old >> 3);
  });
}

/** Bytes that these symbols take with these shares; Infinity where one has none. */
export function costOf(counts: Int32Array, shares: Uint16Array): number {
  let bits = 0;
  for (let s = 0; s < counts.length; s++) {
    const count = counts[s] as number;
    if (count > 0) bits += count * (PROBABILITY_BITS - Math.log2(shares[s] as number));
  }
  return bits / 8 + 4;
}
