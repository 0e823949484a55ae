import type { PartReader, PartWriter } from './parts.js';

/** 16-bit numbers as two parts, first all high bytes, which look alike, then all low ones. */
export function putPlanes(numbers: Uint16Array, out: PartWriter): void {
  const [high, low] = [new Uint8Array(numbers.length), new Uint8Array(numbers.length)];
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number;
    high[i] = number >> 8;
    low[i] = number;
  }
  out.put(high, 8);
  out.put(low, 8);
}

export function joinPlanes(count: number, from: PartReader): Uint16Array {
  const [high, low] = [from.take(count, 8), from.take(count, 8)];
  const numbers = new Uint16Array(count);
  for (let i = 0; i < count; i++) numbers[i] = ((high[i] as number) << 8) | (low[i] as number);
  return numbers;
}
