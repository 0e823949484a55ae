/** 32 bits from a few words and numbers: FNV-1a, finished by the murmur3 mixer. */
export function seedOf(...path: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const part of path) {
    const text = `${part}/`;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
