import { inSection, markdownTable } from './markdown.js';

/** Accuracies of one schedule with one momentum: a number a seed. */
export interface AveragesRun {
  readonly schedule: string;
  readonly momentum: number;
  /** What the run's own evaluation says. */
  readonly evaluated: readonly number[];
  /** Of the saved run's exported model, in plain tfjs. */
  readonly exported: readonly number[];
  /** Of `tandem predict`, asked of a server that stopped half-way and went on; null where a schedule has no server to ask. */
  readonly predicted: readonly number[] | null;
  /** How many of these runs ended with the bits of the undisturbed one; null where steps come in another order each time. */
  readonly resumedAlike: number | null;
}

export interface AveragesBench {
  readonly date: string;
  readonly machine: string;
  readonly engine: string;
  readonly seeds: readonly number[];
  readonly testSamples: number;
  readonly runs: readonly AveragesRun[];
}

export const momenta = { usual: 0.99, quick: 0.9 } as const;

/** A page with the table in its place. */
export function withAverages(page: string, bench: AveragesBench): string {
  const rows = [...new Set(bench.runs.map(({ schedule }) => schedule))].map((schedule) => {
    const of = (momentum: number) => bench.runs.find((run) => run.schedule === schedule && run.momentum === momentum);
    const [usual, quick] = [of(momenta.usual), of(momenta.quick)];
    const [a, b] = [median(usual?.evaluated), median(quick?.evaluated)];
    const cells = [percent(b), percent(a), points(a - b), percent(median(usual?.exported))];
    const predicted = usual?.predicted == null ? '-' : percent(median(usual.predicted));
    const alike = usual?.resumedAlike == null ? '-' : `${usual.resumedAlike} of ${bench.seeds.length}`;
    return [`\`${schedule}\``, ...cells, predicted, alike];
  });
  const head = [
    'schedule',
    'momentum 0.9',
    'momentum 0.99',
    'difference',
    '0.99, exported',
    '0.99, `tandem predict`',
    'same bits',
  ];
  const caption =
    `MNIST, 4,000 pictures, 4 clients, 2 epochs of batches of 32, a convolutional net with two batch normalisations, test accuracy on ` +
    `${bench.testSamples.toLocaleString('en')} pictures: medians of ${bench.seeds.length} seeds; ${bench.engine}. ` +
    'Predictions are asked of a server that was stopped half-way and went on; "same bits" counts the seeds in which it ended with the weights of a run nobody disturbed. ' +
    '`npm run bench:averages` measures it.';
  return inSection(page, 'bench:averages', `${markdownTable([head, ...rows])}\n\n${caption}`);
}

export function median(values: readonly number[] = []): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function points(difference: number): string {
  const shown = (100 * Math.abs(difference)).toFixed(2);
  return difference < 0 ? `−${shown}` : `+${shown}`;
}
