import { largest, smallest } from '../shared/extremes.js';

const LEVELS = '▁▂▃▄▅▆▇█';

/** A curve in `width` characters: each is the mean of its share of the values, scaled from smallest to largest. */
export function sparkline(values: readonly number[], width: number): string {
  const count = Math.min(width, values.length);
  const means = Array.from({ length: count }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const low = smallest(means);
  const span = largest(means) - low;
  return means
    .map((mean) => LEVELS[span > 0 ? Math.round(((mean - low) / span) * (LEVELS.length - 1)) : 0] ?? '')
    .join('')
    .padEnd(width);
}
