/** The name that a mistyped one was most likely meant to be; undefined where none is near. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(given.length * 0.4));
  let nearest: { readonly name: string; readonly distance: number } | undefined;
  for (const name of known) {
    // `grace` without its unit is meant to be `graceSeconds`.
    const distance = UNITS.some((unit) => plain(given) + unit === plain(name))
      ? 0
      : distanceOf(plain(given), plain(name));
    if (distance <= most && distance < (nearest?.distance ?? Infinity)) nearest = { name, distance };
  }
  return nearest?.name;
}

const UNITS = ['seconds', 'steps', 'bytes', 'ms'];

/** `batch_size` and `batchSize` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Letters to add, leave out, replace or swap with their neighbour (Damerau, 1964; without overlaps). */
function distanceOf(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const at = (up: number, left: number) => rows[i - up]?.[j - left] ?? Infinity;
      const changed = at(1, 1) + Number(a[i - 1] !== b[j - 1]);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(2, 2) + 1 : Infinity;
      row.push(Math.min(at(1, 0) + 1, (row[j - 1] ?? Infinity) + 1, changed, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Infinity;
}
