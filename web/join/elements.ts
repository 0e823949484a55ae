/** The element of the page with this id. Throws when index.html and the script disagree. */
export function element<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${type.name} with the id '${id}'`);
}

/** Shows facts as a description list. */
export function showFacts(list: HTMLElement, facts: readonly (readonly [name: string, value: string])[]): void {
  const items = facts.map(([name, value]) => {
    const [group, term, detail] = [
      document.createElement('div'),
      document.createElement('dt'),
      document.createElement('dd'),
    ];
    term.textContent = name;
    detail.textContent = value;
    group.append(term, detail);
    return group;
  });
  list.replaceChildren(...items);
  list.hidden = false;
}

export const whole = (value: number) => Math.round(value).toLocaleString('en');

/** Bytes for people. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** A length of time that is not known to the second. */
export function spanText(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `about ${Math.round(minutes)} min` : `about ${(minutes / 60).toFixed(1)} h`;
}
