const MOST_SHOWN = 20;

/** Names in a sentence: all, or the first twenty and how many more there are. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_SHOWN).join(', ') || 'none';
  return names.length > MOST_SHOWN ? `${shown} and ${names.length - MOST_SHOWN} more` : shown;
}
