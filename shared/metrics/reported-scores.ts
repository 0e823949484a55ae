import { TandemError } from '../errors.js';
import { int32, type NdArray } from '../ndarray.js';
import { metric, type MetricName } from './metrics.js';
import { classesOf } from './predictions.js';
import type { Scores } from './scores.js';

/** An evaluation as a client reports it: totals of all its samples, from which no sample's label can be read. */
export interface ReportedScores {
  /** The sum of the loss over the samples. */
  readonly loss: number;
  /** Each metric that is a sum over samples, in the order of the task's metrics. */
  readonly sums: readonly number[];
  /** One int32 tensor `[classes, classes]`, label by prediction, where a metric needs it. */
  readonly confusion: readonly NdArray[];
}

/** What a report must look like. */
export interface ReportContract {
  readonly sums: number;
  /** The classes of the confusion matrix; null where no metric needs it. */
  readonly classes: number | null;
}

/** Throws BAD_OPTION for a metric that needs each sample's score beside its label. */
export function reportContract(names: readonly MetricName[], outputShape: readonly (number | null)[]): ReportContract {
  const ranked = names.find((name) => metric(name).from === 'ranking');
  if (ranked !== undefined) {
    const action = 'leave it out of the metrics, or use --topology vanilla';
    throw new TandemError('BAD_OPTION', `metric '${ranked}' would send the labels, which stay at the clients`, action);
  }
  const counts = names.some((name) => metric(name).from === 'confusion');
  return { sums: summed(names).length, classes: counts ? classesOf(outputShape.at(-1) ?? 1) : null };
}

export function reportScores({ names, loss, sums, confusion }: Scores): ReportedScores {
  const matrix = confusion ? [int32([confusion.length, confusion.length], confusion.flat())] : [];
  return { loss, sums: summed(names).map((name) => sums[name] ?? 0), confusion: matrix };
}

/** Throws BAD_MESSAGE, BAD_SHAPE or BAD_VALUE when a report is not as the contract says; without one there is none. */
export function checkReport(
  contract: ReportContract | null,
  { loss, sums, confusion }: Omit<ReportedScores, 'loss'> & { readonly loss: number | null },
): void {
  const wanted = contract?.sums ?? 0;
  if ((loss !== null) !== (contract !== null) || sums.length !== wanted) {
    const came = `${loss === null ? 'no' : 'a'} loss and ${sums.length} sums`;
    const expected = `${contract ? 'a' : 'no'} loss and ${wanted} sums`;
    throw new TandemError('BAD_MESSAGE', `an evaluation came with ${came}, ${expected} were expected`);
  }
  const bad = [loss ?? 0, ...sums].find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new TandemError('BAD_VALUE', `an evaluation reports ${bad}`);
  const shapes = contract?.classes ? [[contract.classes, contract.classes]] : [];
  const fits = confusion.length === shapes.length && confusion.every(({ dtype }) => dtype === 'int32');
  if (!fits || confusion.some(({ shape }, i) => shape.join() !== shapes[i]?.join())) {
    throw new TandemError(
      'BAD_SHAPE',
      `an evaluation's confusion matrix is not int32 of ${contract?.classes ?? 'no'} classes`,
    );
  }
  if (confusion.some(({ data }) => data.some((count: number) => count < 0))) {
    throw new TandemError('BAD_VALUE', 'a count of the confusion matrix is negative');
  }
}

/** The totals of a report that was checked. */
export function readScores(
  names: readonly MetricName[],
  samples: number,
  { loss, sums, confusion: [matrix] }: ReportedScores,
): Scores {
  const named = summed(names).map((name, i) => [name, sums[i] ?? 0]);
  const totals = { names, samples, loss, sums: Object.fromEntries(named) as Scores['sums'] };
  if (!matrix) return totals;
  const classes = matrix.shape[0] ?? 0;
  const rows = Array.from({ length: classes }, (_, i) => [...matrix.data.subarray(i * classes, (i + 1) * classes)]);
  return { ...totals, confusion: rows };
}

function summed(names: readonly MetricName[]): MetricName[] {
  return names.filter((name) => metric(name).from === 'sums');
}
