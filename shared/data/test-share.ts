import { TandemError } from '../errors.js';
import { checkFields } from '../fields/check-fields.js';
import { flag, optional, whole, type Fields } from '../fields/rules.js';
import { createRng } from '../rng.js';
import { subset, type ClientData, type Dataset } from './dataset.js';

/** Which samples are kept for tests. */
export interface TestShareOptions {
  /** Which of the rows: the same number chooses the same ones, wherever the data are read. */
  readonly seed?: number;
  /** False where parties hold other columns of the same rows, of which only one knows the labels. */
  readonly byLabel?: boolean;
}

const testShareFields = { seed: optional(whole(0)), byLabel: optional(flag) } satisfies Fields<TestShareOptions>;

/** What `testEvery` of any reader may be. */
export const testEveryRule = optional(whole(2));

/** Below this many samples none are kept unless that is asked for: there are too few to spare, and too few to say anything. */
const FEWEST_FOR_TEST = 20;
const ONE_IN = 5;

/**
 * Keeps one row in so many for testing: drawn by a seed, and of every class its share, since the rows are ordered by label
 * before each so manieth is taken; where labels are numbers, of small and large ones likewise. Throws BAD_DATA for rows
 * without labels, which would be drawn otherwise than those of a party that has them.
 */
export function splitForTest(
  all: Dataset,
  testEvery = ONE_IN,
  options: TestShareOptions = {},
): ClientData & { readonly test: Dataset } {
  checkFields('splitForTest()', options, testShareFields);
  const { seed = 0, byLabel = true } = options;
  if (!(Number.isSafeInteger(testEvery) && testEvery > 1)) {
    throw new TandemError('BAD_OPTION', `testEvery is ${testEvery}`, 'keep one row in 2 or more');
  }
  const rng = createRng('kept for testing', seed);
  const order = Array.from(rng.permutation(all.size));
  if (byLabel) {
    const labels = Float64Array.from({ length: all.size }, (_, row) => all.label(row));
    if (labels.some(Number.isNaN)) {
      const action = 'split all parties with { byLabel: false }, or by id (splitById)';
      throw new TandemError('BAD_DATA', 'rows without labels cannot be chosen by label', action);
    }
    // Sorting is stable: within a label the rows stay shuffled.
    order.sort((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0));
  }
  const start = rng.int(testEvery);
  const kept = new Uint8Array(all.size);
  for (let i = 0; i < Math.floor(all.size / testEvery); i++) kept[order[start + i * testEvery] ?? -1] = 1;
  const rows = (isTest: number) => order.filter((row) => kept[row] === isTest).sort((a, b) => a - b);
  return { train: subset(all, rows(0)), test: subset(all, rows(1)) };
}

/** What a reader of files does: it keeps one row in five where there are enough, or as many as were asked for. */
export function keepForTest(all: Dataset, testEvery: number | undefined): ClientData {
  return testEvery === undefined && all.size < FEWEST_FOR_TEST ? { train: all } : splitForTest(all, testEvery);
}

/** How many rows were kept, in the words of a note. */
export function keptNote(data: ClientData): string {
  if (!data.test) return `none of ${rowsOf(data.train.size)} kept for testing, which begins at ${FEWEST_FOR_TEST}`;
  const all = data.train.size + data.test.size;
  return `${data.test.size.toLocaleString('en')} of ${rowsOf(all)} kept for testing`;
}

function rowsOf(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'sample' : 'samples'}`;
}
