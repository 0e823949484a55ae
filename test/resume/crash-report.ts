import { mkdir, writeFile } from 'node:fs/promises';
import type { Reporter, TestModule } from 'vitest/node';
import { machine } from '../../bench/measuring.js';
import { writeSection } from '../../bench/markdown.js';
import { crashPoints } from '../../shared/crash-point.js';
import { settings } from './crash-settings.js';
import type { CrashCount } from './every-crash.js';

const root = new URL('../../', import.meta.url);
const VICTIMS = 3;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const grouped = (value: number) => value.toLocaleString('en');

export interface CrashSample {
  /** One in so many. */
  readonly share: number;
  readonly seed: string;
}

/**
 * Counts what all parts of the campaign have tried, and fails it when that is not every crash, or every one of the sample. With TANDEM_RECORD=1
 * the docs have it too, where every crash was tried.
 */
export class CrashReport implements Reporter {
  private began = 0;

  constructor(
    private readonly parts: number,
    private readonly sample: CrashSample,
  ) {}

  onTestRunStart(): void {
    this.began = performance.now();
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const counts = tests.flatMap((test) => test.meta().crashes ?? []);
    const bugs = tests.filter((test) => test.meta().plantedBug !== undefined);
    const found = bugs.filter((test) => test.result().state === 'passed').length;
    const each = Object.keys(settings).map((name) =>
      settingOf(
        name,
        counts.filter(({ setting }) => setting === name),
        this.sample.share,
      ),
    );
    const points = crashPoints.map((point) => ({ point, times: sum(each.map(({ reached }) => reached[point] ?? 0)) }));
    const [occurrences, worlds, differ] = [
      sum(points.map(({ times }) => times)),
      sum(each.map((one) => one.worlds)),
      sum(each.map((one) => one.differ)),
    ];
    const seconds = Math.round((performance.now() - this.began) / 1000);
    const text =
      `${each.length} settings on two engines come by ${points.length} named points ${grouped(occurrences)} times. ` +
      `${grouped(worlds)} crashes, ${this.chosen()}: ${differ} change anything. ` +
      `${found} of ${bugs.length} planted bugs are found. ${seconds} s in ${this.parts} workers.`;
    points.forEach(({ point, times }) => console.log(`${String(times).padStart(6)}  ${point}`));
    console.log(text);
    const facts = { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version, seconds };
    const record = { ...facts, occurrences, worlds, differ, plantedBugs: bugs.length, found, points, settings: each };
    await keep(record, 'dist/crashes.json');
    const missing = each.filter((one) => !one.isWhole || one.parts !== this.parts).map(({ setting }) => setting);
    if (missing.length > 0) {
      process.exitCode = 1;
      console.error(`not every crash was tried: ${missing.join('; ')}`);
    } else if (process.env.TANDEM_RECORD === '1' && this.sample.share === 1) {
      await keep(record, 'bench/results/crashes.json');
      const where = `${facts.machine}, Node ${facts.node}, ${facts.date}.`;
      await writeSection(new URL('docs/reliability.md', root), 'crashes', `${text} ${where}`);
    }
  }

  private chosen(): string {
    const { share, seed } = this.sample;
    const every = 'one for each of these times and each choice of who is killed';
    return share === 1 ? every : `one in ${share} of ${every}, by seed ${seed}`;
  }
}

/** What the parts tried of one setting. */
function settingOf(setting: string, counts: readonly CrashCount[], share: number) {
  const reached = counts[0]?.reached ?? {};
  const worlds = sum(counts.map((count) => count.worlds));
  const occurrences = sum(Object.values(reached));
  const due = counts[0]?.due ?? 0;
  const least = Math.max(VICTIMS * Object.keys(reached).length, (VICTIMS * occurrences) / share);
  const isWhole = worlds === due && due >= least && worlds > 0;
  return {
    setting,
    occurrences,
    worlds,
    differ: sum(counts.map(({ differ }) => differ)),
    parts: counts.length,
    isWhole,
    reached,
  };
}

async function keep(record: unknown, path: string): Promise<void> {
  const file = new URL(path, root);
  await mkdir(new URL('./', file), { recursive: true });
  await writeFile(file, `${JSON.stringify(record, null, 2)}\n`);
}
