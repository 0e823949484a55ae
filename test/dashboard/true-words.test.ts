import { describe, expect, it } from 'vitest';
import { Dashboard } from '../../server/dashboard/dashboard.js';
import { describeRun } from '../../server/dashboard/describe-run.js';
import { TrafficMeter } from '../../server/dashboard/traffic-meter.js';
import { resolveRun } from '../../shared/config.js';
import { reduceDashboard } from '../../shared/dashboard/reduce.js';
import { initialDashboard, type DashboardState } from '../../shared/dashboard/state.js';
import type { RunSummary } from '../../shared/events.js';
import { metricOf, metricText, metricTitle } from '../../web/dashboard/format.js';
import { capital } from '../../web/join/sentences.js';
import { tinyTask } from '../helpers/tiny-task.js';

const facts = (metrics: typeof tinyTask.metrics) =>
  describeRun('run', { ...tinyTask, metrics }, resolveRun(tinyTask, { clients: 2 }), 'tfjs');
const reading = { up: 5, down: 7, samplesPerSecond: 0, upPerSecond: 0, downPerSecond: 0, answer: null, away: null };

function begun(): DashboardState {
  const event = { kind: 'round-started', round: 0, planned: 9 } as const;
  return reduceDashboard(initialDashboard(facts(['accuracy']), 1000), { kind: 'event', at: 2000, event });
}

describe('the clock of a run', () => {
  it.each([
    ['failed', { kind: 'failed', at: 5000, code: 'NO_CLIENTS', reason: 'all left' } as const],
    [
      'well',
      {
        kind: 'finished',
        at: 5000,
        summary: { steps: 9, evaluations: [], testLoss: null } as unknown as RunSummary,
      } as const,
    ],
  ])('stops when it is over: %s', (_how, ending) => {
    const over = reduceDashboard(begun(), ending);
    const later = reduceDashboard(over, { kind: 'measured', at: 90_000, traffic: reading });
    expect(later.progress).toMatchObject({ startedAt: 2000, endedAt: 5000 });
    expect(begun().progress.endedAt).toBeNull();
    const resumed = { kind: 'resumed', round: 0, steps: 3, samples: 9, planned: 9, clients: [] } as const;
    expect(reduceDashboard(later, { kind: 'event', at: 95_000, event: resumed }).progress.endedAt).toBeNull();
  });
});

describe('bytes of a server that was started again', () => {
  it('go on from what was shown', async () => {
    const before = { ...begun(), traffic: { ...reading, up: 1_000_000, down: 400 } };
    const history = { load: () => Promise.resolve(before), save: () => Promise.resolve() };
    const dashboard = await Dashboard.start(facts([]), history as never, () => 3000);
    dashboard.traffic.message('in', 'unknown', 23);
    dashboard.turn();
    expect(dashboard.state.traffic).toMatchObject({ up: 1_000_023, down: 400, upPerSecond: 0 });
    await dashboard.close();
    expect(new TrafficMeter().read(1)).toMatchObject({ up: 0, down: 0 });
  });
});

describe('what tests are shown by', () => {
  const test = {
    steps: 3,
    round: 1,
    testLoss: 0.123456,
    metrics: { accuracy: 0.5, meanAbsoluteError: 1.5, auc: 0.91 },
  };
  it.each([
    [['confusionMatrix', 'accuracy', 'auc'], 'Accuracy', '50.00 %'],
    [['meanAbsoluteError'], 'meanAbsoluteError', '1.5'],
    [['confusionMatrix', 'auc'], 'auc', '0.91'],
    [['confusionMatrix'], 'Test loss', '0.1235'],
  ] as const)('of the metrics %j is %s', (metrics, title, text) => {
    const { metric } = facts(metrics);
    expect([metricTitle(metric), metricText(metric, metricOf(metric, test))]).toEqual([title, text]);
    expect(metricText(metric, metricOf(metric, undefined))).toBe('–');
  });
});

it.each([
  ['holiday.png has a size of 12 x 7', 'holiday.png has a size of 12 x 7'],
  ['my table.csv, line 3, has no label', 'my table.csv, line 3, has no label'],
  ['roundSteps is 0', 'roundSteps is 0'],
  ["'pool1' is no layer", "'pool1' is no layer"],
  ['the data hold NaN.', 'The data hold NaN'],
  ['check the files', 'Check the files'],
])('a sentence that begins with a name keeps it: %s', (given, shown) => {
  expect(capital(given)).toBe(shown);
});
