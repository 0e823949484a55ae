import { TandemError } from '../../shared/errors.js';

/** How many rows a party says it has. */
export interface RowCounts {
  readonly samples: number;
  readonly testSamples: number;
  readonly toPredict: number;
}

/** Throws BAD_DATA when a party has not as many rows as the run, once that has any. */
export function checkCounts(
  own: RowCounts,
  run: { readonly rows: number; readonly testRows: number; readonly toPredict: number },
  name: string,
): void {
  const counts = { samples: run.rows, testSamples: run.testRows, toPredict: run.toPredict };
  if (counts.samples > 0 && !areSame(own, counts)) throw otherRows({ own, run: counts }, name);
}

/** What a party is told whose rows are not those of the run. */
export function otherRows(
  { own, run }: { readonly own: RowCounts; readonly run: RowCounts },
  name: string,
): TandemError {
  if (own.samples === run.samples && own.testSamples === run.testSamples) {
    const what = `party ${name} has ${own.toPredict} rows to predict, the others ${run.toPredict}`;
    return new TandemError('BAD_DATA', what, 'give all parties their columns of the same rows to predict, or none');
  }
  const what =
    `party ${name} has ${own.samples} training and ${own.testSamples} test rows, ` +
    `the others ${run.samples} and ${run.testSamples}`;
  return new TandemError('BAD_DATA', what, 'give all parties the same rows in the same order, or ids to match them by');
}

/** What more than half of the parties say; where they do not agree so far, what the last one says, who has the labels. */
export function agreedCounts(parties: readonly RowCounts[]): RowCounts {
  const last = parties.at(-1) ?? { samples: 0, testSamples: 0, toPredict: 0 };
  const isMost = (one: RowCounts) => 2 * parties.filter((other) => areSame(one, other)).length > parties.length;
  const { samples, testSamples, toPredict } = parties.find(isMost) ?? last;
  return { samples, testSamples, toPredict };
}

export function areSame(one: RowCounts, other: RowCounts): boolean {
  const { samples, testSamples, toPredict } = one;
  return samples === other.samples && testSamples === other.testSamples && toPredict === other.toPredict;
}
