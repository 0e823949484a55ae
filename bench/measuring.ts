import { cpus } from 'node:os';

/** The processor and its cores, as benchmarks record it. */
export function machine(): string {
  return `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores`;
}

/** A whole number as people read it. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
