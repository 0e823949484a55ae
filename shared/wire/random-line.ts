/**
 * The next random number of a line, as 32 bits with a sign: quick, and its upper bits are all that rounding needs. The numbers stand in here, since V8 reads an
 * exported constant anew for each value, as a number that may be anything.
 */
export function nextRandom(random: number): number {
  return (Math.imul(random, 1664525) + 1013904223) | 0;
}

/** Such a number as a share of one, from -1/2 to 1/2. */
export function shareOf(random: number): number {
  return random * 2 ** -32;
}
