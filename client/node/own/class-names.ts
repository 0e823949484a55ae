/** Names of folders in the order in which they are numbered: numbers by their size, words by their letters. */
export function classesInOrder(names: readonly string[]): string[] {
  const areNumbers = names.every((name) => /^\d+$/.test(name));
  return [...names].sort((a, b) => (areNumbers ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0));
}

/** How many classes, and how many samples the first few have. */
export function classFacts(samples: readonly { readonly className: string }[], classes: readonly string[]): string {
  const count = (name: string) => samples.filter(({ className }) => className === name).length;
  const shown = classes.slice(0, 4).map((name) => `${name} (${count(name).toLocaleString('en')})`);
  return `${classes.length} classes: ${shown.join(', ')}${classes.length > shown.length ? ', ...' : ''}`;
}
