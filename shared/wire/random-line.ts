const FACTOR = 1664525;
const INCREMENT = 1013904223;

/**
 * The next random number of a line, as 32 bits with a sign: quick, and its upper bits are all that rounding needs. The numbers are not exported, since V8 reads an
 * exported constant anew for each value, as a number that may be anything.
 */
export function nextRandom(random: number): number {
  return (Math.imul(random, FACTOR) + INCREMENT) | 0;
}

/** The number that comes `count` after this one, in a few steps. */
export function randomAfter(random: number, count: number): number {
  let [factor, increment, after] = [FACTOR, INCREMENT, random];
  for (let left = count; left > 0; left >>>= 1) {
    if (left & 1) after = (Math.imul(after, factor) + increment) | 0;
    increment = Math.imul(increment, factor + 1);
    factor = Math.imul(factor, factor);
  }
  return after;
}

/** Such a number as a share of one, from -1/2 to 1/2. */
export function shareOf(random: number): number {
  return random * 2 ** -32;
}
