import { markdownTable, writeSection } from './markdown.js';

/** What bench/results/schedules.json holds. */
export interface ScheduleBench {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly engine: string;
  readonly settings: BenchSettings;
  readonly runs: readonly BenchRun[];
}

export interface BenchSettings {
  readonly task: string;
  readonly clients: number;
  readonly epochs: number;
  readonly batch: number;
  readonly roundSteps: number;
  readonly evaluateEvery: number;
  readonly seed: number;
}

/** One run and its curve, in order: nothing in it is the best of several. */
export interface BenchRun {
  readonly schedule: string;
  readonly partition: string;
  readonly seconds: number;
  readonly samples: number;
  readonly points: readonly BenchPoint[];
}

export interface BenchPoint {
  readonly round: number;
  readonly trainingBytes: number;
  readonly testAccuracy: number;
}

const BASELINE = 'centralised';
const RIVAL = 'fedavg';

/** Writes the tables into topologies.md of a folder, between their markers; answers them. */
export async function renderScheduleBench(bench: ScheduleBench, docs: URL): Promise<string> {
  const { task, clients, epochs, batch, roundSteps, seed } = bench.settings;
  const rounds = bench.runs[0]?.points.at(-1)?.round ?? 0;
  const caption =
    `Task \`${task}\`, ${clients} clients, epochs: ${epochs}, batch ${batch}, rounds of ${roundSteps} steps a client, seed ${seed}, ` +
    `${bench.engine}. Each figure is that of the model as it was then, not the best of several; where there is a dash, nothing was run. ${bench.machine}, Node ${bench.node}, ${bench.date}.`;
  const marks = [0.1, 0.3, 1].map((share) => Math.round(share * rounds));
  const sections = [
    `Test accuracy after the same samples, each seen ${epochs} times; in brackets the points from \`centralised\`:`,
    accuracyTable(bench),
  ];
  for (const partition of partitionsOf(bench)) {
    const table = againstRival(bench, partition, marks);
    if (table)
      sections.push(
        `Against \`${RIVAL}\`, \`${partition}\`: at equal rounds, and with the bytes that \`${RIVAL}\` takes for them:`,
        table,
      );
  }
  const text = [...sections, caption].join('\n\n');
  await writeSection(new URL('topologies.md', docs), 'bench:schedules', text);
  return text;
}

/** Each schedule's last accuracy under each partition, and how far below the baseline that is. */
export function accuracyTable(bench: ScheduleBench): string {
  const partitions = partitionsOf(bench);
  const rows = [...new Set(bench.runs.map(({ schedule }) => schedule))].map((schedule) => [
    `\`${schedule}\``,
    ...partitions.map((partition) => {
      const own = lastAccuracy(bench, schedule, partition);
      const baseline = lastAccuracy(bench, BASELINE, 'iid');
      if (own === undefined) return '-';
      if (baseline === undefined || schedule === BASELINE) return percent(own);
      return `${percent(own)} (${signed(100 * (own - baseline))})`;
    }),
  ]);
  return markdownTable([['schedule', ...partitions.map((partition) => `\`${partition}\``)], ...rows]);
}

/** Undefined where the rival was not run. */
export function againstRival(bench: ScheduleBench, partition: string, marks: readonly number[]): string | undefined {
  const runs = bench.runs.filter((run) => run.partition === partition);
  const rival = runs.find(({ schedule }) => schedule === RIVAL);
  if (!rival) return undefined;
  const budgets = marks.map((round) => rival.points.findLast((point) => point.round <= round)?.trainingBytes ?? 0);
  const head = [
    'schedule',
    ...marks.map((round) => `round ${round}`),
    ...budgets.map((bytes) => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`),
  ];
  const rows = runs.map(({ schedule, points }) => [
    `\`${schedule}\``,
    ...marks.map((round) => shown(points.findLast((point) => point.round <= round))),
    // What costs no bytes has no place among equal ones.
    ...budgets.map((bytes) =>
      schedule === BASELINE ? '-' : shown(points.findLast((point) => point.trainingBytes <= bytes)),
    ),
  ]);
  return markdownTable([head, ...rows]);
}

function partitionsOf({ runs }: ScheduleBench): string[] {
  return [...new Set(runs.map(({ partition }) => partition))];
}

function lastAccuracy({ runs }: ScheduleBench, schedule: string, partition: string): number | undefined {
  const run = runs.find((other) => other.schedule === schedule && other.partition === partition);
  return run?.points.at(-1)?.testAccuracy;
}

function shown(point: BenchPoint | undefined): string {
  return point ? percent(point.testAccuracy) : '-';
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function signed(points: number): string {
  return `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`;
}
