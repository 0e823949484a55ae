import type { PartReader, PartWriter } from './parts.js';
import { Scratch } from './scratch.js';

const memory = { planes: new Scratch('bytes'), numbers: new Scratch('halves') };

/** 16-bit numbers as two parts, first all high bytes, which look alike, then all low ones. */
export function putPlanes(numbers: Uint16Array, out: PartWriter): void {
  const { length } = numbers;
  const planes = memory.planes.of(2 * length);
  const [high, low] = [planes.subarray(0, length), planes.subarray(length)];
  for (let i = 0; i < length; i++) {
    const number = numbers[i] as number;
    high[i] = number >> 8;
    low[i] = number;
  }
  out.put(high, 8);
  out.put(low, 8);
}

/** Valid until the next time. */
export function joinPlanes(count: number, from: PartReader): Uint16Array {
  const [high, low] = [from.take(count, 8), from.take(count, 8)];
  const numbers = memory.numbers.of(count);
  for (let i = 0; i < count; i++) numbers[i] = ((high[i] as number) << 8) | (low[i] as number);
  return numbers;
}
