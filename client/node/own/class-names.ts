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

/** A class needs some to be trained on and some to be tested on. */
const FEW = 5;

/** Classes that have hardly any samples. */
export function fewNotes(samples: readonly { readonly className: string }[]): string[] {
  const counts = new Map<string, number>();
  for (const { className } of samples) counts.set(className, (counts.get(className) ?? 0) + 1);
  const few = [...counts].filter(([, count]) => count < FEW);
  const [[name, count] = ['', 0]] = few;
  if (few.length === 0 || few.length === counts.size) return [];
  const others = few.length === 1 ? '' : `, and ${few.length - 1} other classes hardly more`;
  return [`class '${name}' has ${count} ${count === 1 ? 'sample' : 'samples'}${others}: too few to learn it well`];
}
