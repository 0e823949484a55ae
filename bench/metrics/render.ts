import { decide } from '../../shared/metrics/decide.js';
import { judgedOf, type Judged } from '../../shared/metrics/label-kind.js';
import { metricNames } from '../../shared/metrics/metrics.js';
import { textTable, writeSection } from '../markdown.js';
import type { Combination, MeasuredMetric } from './measure.js';
import { columns, labelOf, outputOf, type Column } from './tasks.js';

/** What bench/results/metrics.json holds: a run of each combination with labels of each kind. */
export interface MetricMatrix {
  readonly rows: number;
  readonly runs: readonly (Combination & { readonly labels: string; readonly metrics: readonly MeasuredMetric[] })[];
}

/** Beyond the rounding of a float32, an exact metric differs from no other computation of it. */
export const ROUNDING = 1e-6;

/** Writes the tables into metrics.md of a folder, between their markers. */
export async function renderMetrics(matrix: MetricMatrix, docs: URL): Promise<void> {
  const page = new URL('metrics.md', docs);
  await writeSection(page, 'metrics:kinds', kindTable());
  await writeSection(page, 'metrics:runs', runTable(matrix));
}

/** Each metric with each kind of label, and the sentences of what is refused. */
export function kindTable(): string {
  const sentences: string[] = [];
  const note = (text: string) => (sentences.includes(text) ? sentences.indexOf(text) : sentences.push(text) - 1) + 1;
  const rows = metricNames.map((name) => [
    `\`${name}\``,
    ...columns.map((column) => {
      const [server, client] = [decide(name, judged(column), 'server'), decide(name, judged(column), 'client')];
      if (server.how === 'refused') return `refused [${note(`metric '...' ${server.why}: ${server.action}`)}]`;
      return client.how === 'exact' ? 'exact' : 'exact; approximate where labels stay';
    }),
  ]);
  const list = sentences.map((text, i) => `${i + 1}. ${text}`).join('\n');
  return `${textTable([['metric', ...columns.map(({ title }) => title)], ...rows])}\n\n${list}`;
}

/** Each run: how many metrics are the same as computed by themselves, and how far the others were from it. */
export function runTable({ rows, runs }: MetricMatrix): string {
  const places = [...new Set(runs.map(({ topology, schedule }) => `${topology}, ${schedule}`))];
  const cells = places.map((place) => [
    `\`${place}\``,
    ...columns.map(({ title }) => {
      const run = runs.find((one) => `${one.topology}, ${one.schedule}` === place && one.labels === title);
      return run ? cellOf(run.metrics) : '-';
    }),
  ]);
  const note =
    `${rows} test samples, 2 or 3 clients. The count is that of metrics equal to an independent computation on the undivided model, up to the rounding of ` +
    'a float32; of another metric stands how far it was from it, and in brackets how far the run said it may be. All other metrics are refused, as above.';
  return `${textTable([['run', ...columns.map(({ title }) => title)], ...cells])}\n\n${note}`;
}

function cellOf(metrics: readonly MeasuredMetric[]): string {
  const wrong = metrics.find(({ difference, declared }) => !(difference <= (declared ?? ROUNDING)));
  if (wrong) throw new Error(`${wrong.name} differs by ${wrong.difference}`);
  const exact = metrics.filter(({ declared }) => declared === null).length;
  const others = metrics.filter(({ declared }) => declared !== null);
  const told = others.map((one) => `\`${one.name}\` ${one.difference.toFixed(4)} (${(one.declared ?? 0).toFixed(4)})`);
  return [`${exact} exact`, ...told].join(', ');
}

function judged(column: Column): Judged {
  return judgedOf(column.loss, labelOf(column), outputOf(column));
}
