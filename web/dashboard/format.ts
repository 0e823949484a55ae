/** Numbers as people read them; in English, as all of the page is. */
import type { EvaluationShown, RunFacts } from '../../shared/dashboard/state.js';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function bytes(value: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  const scaled = value / 1000 ** power;
  return `${power === 0 ? Math.round(scaled) : Number(scaled.toPrecision(3))} ${UNITS[power]}`;
}

/** Four significant digits at most, and never an exponent for what is neither tiny nor huge. */
export function real(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(digits)));
}

/** A loss that changes all the time and is not to change its width. */
export function lossText(value: number | null | undefined): string {
  const plain = value !== null && value !== undefined && Math.abs(value) >= 1e-3 && Math.abs(value) < 1e3;
  return plain ? value.toFixed(4) : real(value);
}

export function percent(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? '–' : `${(100 * value).toFixed(digits)} %`;
}

/** A metric that is a share is told in percent where it is the accuracy, as people expect it, else from 0 to 1. */
export function metricText(metric: RunFacts['metric'], value: number | null | undefined): string {
  return metric?.name === 'accuracy' ? percent(value) : metric ? real(value) : lossText(value);
}

/** What a metric is called at the beginning of a title. */
export function metricTitle(metric: RunFacts['metric']): string {
  if (!metric) return 'Test loss';
  return metric.name === 'accuracy' ? 'Accuracy' : metric.name;
}

/** The value of a test that is shown. */
export function metricOf(metric: RunFacts['metric'], test: EvaluationShown | undefined): number | null {
  return (metric ? test?.metrics[metric.name] : test?.testLoss) ?? null;
}

export function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} ms`;
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}
