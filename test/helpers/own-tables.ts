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

/** Dates, times of day, prices and shares as people write them, with gaps; the answer follows from the month and the price. */
export function salesTable(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const [month, day] = [1 + (row % 12), 1 + ((7 * row) % 28)];
    const price = 800 + 37.5 * row;
    const two = (value: number) => String(value).padStart(2, '0');
    const when = row % 9 === 4 ? '' : `${two(day)}/${two(month)}/20${20 + (row % 4)}`;
    const seen = `2021-${two(month)}-${two(day)}T${two(row % 24)}:30`;
    const priced = row % 11 === 5 ? 'N/A' : `"$${price.toLocaleString('en', { minimumFractionDigits: 2 })}"`;
    return [when, seen, `${row % 24}:05`, priced, `${row % 40}%`, month > 6 || price > 2500 ? 'yes' : 'no'].join(',');
  });
  return `when,seen,at,price,share,answer\n${lines.join('\n')}\n`;
}
