import { createRng } from '../../shared/rng.js';

/** A table as somebody may have one: numbers, words, gaps in both, a number of the row, and whether the income is high. */
export function mixedTable(rows: number, seed = 1): string {
  const rng = createRng('mixed table', seed);
  const lines = ['id,age,work,town,income'];
  for (let row = 0; row < rows; row++) {
    const age = 18 + rng.int(60);
    const work = ['clerk', 'nurse', 'owner'][rng.int(3)] ?? '';
    const isHigh = age + (work === 'owner' ? 25 : 0) > 55;
    const gap = rng.int(12);
    lines.push(
      [
        ...[1000 + row, gap === 0 ? 'NA' : age, gap === 1 ? '' : work],
        ...[['"Bath, North"', 'York'][rng.int(2)], isHigh ? 'high' : 'low'],
      ].join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Houses: the price follows from rooms, metres and quarter, nearly. */
export function pricesTable(rows: number, seed = 2): string {
  const rng = createRng('prices', seed);
  const lines = ['rooms;metres;quarter;price'];
  for (let row = 0; row < rows; row++) {
    const [rooms, metres] = [1 + rng.int(6), 30 + rng.int(120)];
    const quarter = ['north', 'south', 'lake'][rng.int(3)] ?? '';
    const price = 90_000 + 1500 * metres + 5000 * rooms + (quarter === 'lake' ? 80_000 : 0) + rng.int(9000);
    lines.push([rooms, (metres + 0.5).toFixed(1), quarter, (price + 0.25).toFixed(2)].join(';'));
  }
  return `${lines.join('\r\n')}\r\n`;
}
