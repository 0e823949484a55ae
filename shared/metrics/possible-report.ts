import { TandemError } from '../errors.js';
import type { NdArray } from '../ndarray.js';
import type { ReportContract, ReportedScores } from './reported-scores.js';

/** Rounding of sums in float64, and of means in float32 that were added up. */
const SLACK = 1e-6;
/** The same of losses, which are none below 0. */
const LOSS_SLACK = 1e-3;
/** What no sample comes to, not even the square of the largest float32: sums over all samples of a run stay finite. */
const MOST_OF_SAMPLE = 1e80;

/** Throws BAD_VALUE where no so many samples make these totals. What is not finite may be true of the weights it was computed with. */
export function checkPossible(
  contract: ReportContract,
  { loss, sums, confusion }: ReportedScores,
  samples: number,
): void {
  expectSum('a loss', loss, { least: -samples * LOSS_SLACK, most: samples * MOST_OF_SAMPLE, samples });
  sums.forEach((sum, i) => {
    expectSum('a sum', sum, { least: 0, most: samples * bounded(contract.sums[i]), samples });
  });
  const most = contract.judged === null ? Infinity : samples * contract.judged;
  contract.counts.forEach(({ what }, i) => {
    const counts = confusion[i];
    if (counts) checkCounts(what, counts, { least: 0, most, samples });
  });
}

function bounded(most: number | null | undefined): number {
  return Math.min(most ?? Infinity, MOST_OF_SAMPLE);
}

/** Whether a report says anything of the model; what its weights make infinite or NaN is nobody's fault, and counts for nothing. */
export function isFiniteReport({ loss, sums }: Pick<ReportedScores, 'loss' | 'sums'>): boolean {
  return [loss, ...sums].every(Number.isFinite);
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly samples: number;
}

function checkCounts(what: 'cells' | 'classes' | 'bins', counts: NdArray, bounds: Bounds): void {
  if (counts.data.some((count: number) => count < 0)) {
    throw new TandemError('BAD_VALUE', 'a count of an evaluation is negative');
  }
  if (what !== 'classes') return expectSum('a number of counts', sumOf(counts.data), bounds);
  const [hits = 0, falseAlarms = 0, misses = 0] = rowsOf(counts).map(sumOf);
  // Each label is a hit or a miss of its class, and each miss is a false alarm of another.
  expectSum('a number of hits and misses', hits + misses, bounds);
  if (falseAlarms === misses) return;
  const why = `an evaluation reports ${falseAlarms} false alarms and ${misses} misses: each miss is one false alarm`;
  throw new TandemError('BAD_VALUE', why);
}

function rowsOf({ shape: [rows = 0, width = 0], data }: NdArray): NdArray['data'][] {
  return Array.from({ length: rows }, (_, row) => data.subarray(row * width, (row + 1) * width));
}

function sumOf(data: NdArray['data']): number {
  let sum = 0;
  for (const count of data) sum += count;
  return sum;
}

function expectSum(what: string, value: number, { least, most, samples }: Bounds): void {
  if (!Number.isFinite(value) || (value >= least && value <= most * (1 + SLACK))) return;
  const bounds = most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  const why = `an evaluation of ${samples} samples reports ${what} of ${value}, which can be ${bounds}`;
  throw new TandemError('BAD_VALUE', why);
}
