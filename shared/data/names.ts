const MOST_CHARACTERS = 320;

/** Names in a sentence: all, or as many as fit and how many more there are. */
export function listNames(names: readonly string[]): string {
  let shown = '';
  for (const [i, name] of names.entries()) {
    const next = i === 0 ? name : `${shown}, ${name}`;
    if (next.length > MOST_CHARACTERS && i > 0) return `${shown} and ${names.length - i} more`;
    shown = next.slice(0, MOST_CHARACTERS);
  }
  return shown || 'none';
}
