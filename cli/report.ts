import Table from 'cli-table3';
import type { ClientAccount, RunSummary } from '../shared/events.js';
import type { MetricName } from '../shared/metrics/metrics.js';
import type { Confusion } from '../shared/metrics/confusion.js';
import type { ByteCounts } from '../shared/protocol/byte-meter.js';

/** The closing table of a run, for people. */
export function runReport(summary: RunSummary, clients: readonly ClientAccount[]): string {
  const { task, topology, schedule, aggregation, transport, engine, seed, seconds } = summary;
  const rule = aggregation === null || aggregation === 'mean' ? '' : ` with ${aggregation}`;
  const facts = new Table({ style: { head: [], border: [] } });
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
  for (const fact of rows) facts.push(fact);
  const tables = [facts.toString(), ...confusionTable(summary.metrics.confusionMatrix)];
  if (summary.bytes.total === 0) return tables.join('\n');
  const traffic = new Table({
    head: ['client', 'samples', 'steps', 'up', 'down', 'labels', 'weights', 'control', 'total'],
    colAligns: ['left', ...Array<'right'>(8).fill('right')],
    style: { head: [], border: [] },
  });
  for (const { client, samples, steps, bytes } of clients) traffic.push(row(String(client), samples, steps, bytes));
  traffic.push(row('all', summary.samples, summary.steps, summary.bytes));
  return [...tables, traffic.toString()].join('\n');
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

/** More columns than this are no table for people; `--json` has them all. */
const WIDEST_TABLE = 15;

function confusionTable(confusion: Confusion | undefined): string[] {
  if (!confusion || confusion.length > WIDEST_TABLE) return [];
  const table = new Table({
    head: ['label \\ predicted', ...confusion.keys()].map(String),
    colAligns: ['left', ...confusion.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  confusion.forEach((row, label) => table.push([String(label), ...row.map(count)]));
  return [table.toString()];
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
