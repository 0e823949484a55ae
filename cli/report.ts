import Table from 'cli-table3';
import { foldLine } from './fold-line.js';
import type { ClientAccount, RunSummary } from '../shared/events.js';
import { largest } from '../shared/extremes.js';
import type { MetricName } from '../shared/metrics/metrics.js';
import type { ByteCounts } from '../shared/protocol/byte-meter.js';

/** What is no terminal may be searched: there, values stay whole. */
const COLUMNS = 120;

/** The closing tables of a run, for people, no wider than their terminal. */
export function runReport(
  summary: RunSummary,
  clients: readonly ClientAccount[],
  columns = process.stdout.columns ?? COLUMNS,
): string {
  const { task, topology, schedule, aggregation, transport, engine, seed, seconds } = summary;
  const rule = aggregation === null || aggregation === 'mean' ? '' : ` with ${aggregation}`;
  const rows: Record<string, string>[] = [
    { run: `${task}, ${topology}, ${schedule}${rule}, ${summary.clients} clients over ${transport}, seed ${seed}` },
    { engine },
    ...accuracyRow(summary),
    { 'test loss': summary.testLoss === null ? 'no test data' : summary.testLoss.toFixed(4) },
    ...metricRows(summary),
    ...keptRows(summary),
    ...bottomRows(summary),
    ...lostRows(summary),
    { training: `${count(summary.steps)} steps, ${count(summary.samples)} samples in ${seconds.toFixed(1)} s` },
    { speed: `${count(Math.round(summary.samplesPerSecond))} samples/s` },
    ...costRows(summary),
    { 'weights hash': summary.weightsHash },
  ];
  const tables = [factsTable(rows, columns), ...confusionTable(summary, columns)];
  if (summary.bytes.total === 0) return tables.join('\n');
  const traffic = fitting(columns, {
    head: ['client', 'samples', 'steps', 'up', 'down', 'labels', 'weights', 'control', 'total'],
    rows: [
      ...clients.map(({ client, samples, steps, bytes }) => row(String(client), samples, steps, bytes)),
      row('all', summary.samples, summary.steps, summary.bytes),
    ],
  });
  return [...tables, traffic.text].join('\n');
}

const style = { head: [], border: [] };

/** Names and values; a value that is too wide goes on in the line below. */
function factsTable(rows: readonly Record<string, string>[], columns: number): string {
  const drawn = (shown: (value: string) => string) => {
    const table = new Table({ style });
    for (const fact of rows)
      table.push(Object.fromEntries(Object.entries(fact).map(([name, value]) => [name, shown(value)])));
    return table.toString();
  };
  const text = drawn((value) => value);
  const name = largest(rows.flatMap((fact) => Object.keys(fact).map(({ length }) => length)));
  // Three lines, and a blank on either side of name and value.
  const room = columns - name - 7;
  return widthOf(text) <= columns ? text : drawn((value) => inPieces(value, room));
}

/** Cut at blanks; a word that is wider, such as a hash, anywhere. */
function inPieces(value: string, width: number): string {
  const words = foldLine(value, width, 0).flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [line]);
  return words.join('\n');
}

/** A table of numbers: where it would be too wide, without blanks beside them. */
function fitting(
  columns: number,
  { head, rows }: { readonly head: string[]; readonly rows: readonly string[][] },
): { readonly text: string; readonly fits: boolean } {
  const drawn = (padding: number) => {
    const table = new Table({
      head,
      colAligns: ['left', ...head.slice(1).map(() => 'right' as const)],
      style: { ...style, 'padding-left': padding, 'padding-right': padding },
    });
    for (const each of rows) table.push(each);
    return table.toString();
  };
  const wide = drawn(1);
  const text = widthOf(wide) <= columns ? wide : drawn(0);
  return { text, fits: widthOf(text) <= columns };
}

/** Of a table that has no colours. */
function widthOf(text: string): number {
  return largest(text.split('\n').map((line) => line.length));
}

/** Where a run was tested on its way: which model was kept, and whether it stopped early. */
function keptRows({ best, evaluations, stopped }: RunSummary): Record<string, string>[] {
  if (evaluations.length === 0) return [];
  const kept = best ? `after round ${best.round}, ${best.monitor} ${best.value.toFixed(4)}` : 'the last';
  const early = stopped === 'patience' ? ', stopped early' : '';
  return [{ 'model kept': `${kept}; ${count(evaluations.length)} tests${early}` }];
}

/** Where clients could choose their bottom: who trained which, and what that makes of the model. */
function bottomRows({ bottoms = [] }: RunSummary): Record<string, string>[] {
  if (bottoms.length === 0) return [];
  const trained = bottoms.map(({ name, samples }) => `${name}: ${count(samples)} samples`).join(', ');
  const [own] = bottoms;
  const note =
    own?.samples === 0
      ? `; nobody trained '${own.name}', which the merged model has: its weights are the first ones`
      : '';
  return [{ bottoms: `${trained}${note}` }];
}

/** Whom the run went on without, each with its error. */
function lostRows({ lost }: RunSummary): Record<string, string>[] {
  return lost.map(({ client, code, step }) => ({ [`client ${client}`]: `lost after ${count(step)} steps (${code})` }));
}

/** What codecs have saved, and what of the bytes went into tests rather than training. */
function costRows({ bytes: { total, saved }, evaluationBytes }: RunSummary): Record<string, string>[] {
  if (total === 0) return [];
  const times = `${((total + saved) / total).toFixed(1)} times as many`;
  const plain = saved > 0 ? `; as float32 they would be ${megabytes(total + saved)}, ${times}` : '';
  return [{ bytes: `${megabytes(total)}, of which ${megabytes(evaluationBytes)} for tests${plain}` }];
}

/** Only of a run that measures it. */
function accuracyRow({ testAccuracy }: RunSummary): Record<string, string>[] {
  return testAccuracy === null ? [] : [{ 'test accuracy': `${(100 * testAccuracy).toFixed(2)} %` }];
}

/** The metrics that are one number, but accuracy, which has a row of its own. */
function metricRows({ metrics, approximate }: RunSummary): Record<string, string>[] {
  const within = (name: string) => approximate[name as MetricName];
  const show = (name: string, value: number) =>
    `${value.toFixed(4)}${within(name) === undefined ? '' : `, exact within ${(within(name) ?? 0).toFixed(4)}`}`;

  return Object.entries(metrics)
    .filter(([name, value]) => name !== 'accuracy' && !Array.isArray(value))
    .map(([name, value]) => ({ [`test ${name}`]: typeof value === 'number' ? show(name, value) : 'undefined' }));
}

/** So many are named where there is no room for all. */
const WORST = 5;

/** Labels against what they were taken for; where that is too wide, the worst of it. `--json` has all. */
function confusionTable({ metrics: { confusionMatrix: confusion } }: RunSummary, columns: number): string[] {
  if (!confusion) return [];
  const table = fitting(columns, {
    head: ['label \\ predicted', ...confusion.keys()].map(String),
    rows: confusion.map((counts, label) => [String(label), ...counts.map(count)]),
  });
  if (table.fits) return [table.text];
  const wrong = confusion.flatMap((counts, label) =>
    counts.flatMap((times, predicted) => (label === predicted || times === 0 ? [] : [{ label, predicted, times }])),
  );
  const worst = wrong.sort((a, b) => b.times - a.times).slice(0, WORST);
  if (worst.length === 0) return ['no label was taken for another'];
  return [
    `labels most often taken for others: ${worst.map(({ label, predicted, times }) => `${label} for ${predicted} (${count(times)})`).join(', ')}`,
  ].flatMap((line) => foldLine(line, columns, 2));
}

function row(name: string, samples: number, steps: number, bytes: ByteCounts): string[] {
  const { up, down, labels, weights, control, total } = bytes;
  return [name, count(samples), count(steps), ...[up, down, labels, weights, control, total].map(megabytes)];
}

export function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
