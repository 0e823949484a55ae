/** Which samples a reader keeps for testing, in words. */
export function splitLine(trained: number, tested: number): string {
  if (tested === 0) return `none: ${trained} samples are too few to spare any`;
  return `${tested.toLocaleString('en')} samples, one in five of each class or size, seed 0`;
}
