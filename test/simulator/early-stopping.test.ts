import { describe, expect, it } from 'vitest';
import { runReport } from '../../cli/report.js';
import { comparisonPage } from '../../cli/compare-page.js';
import { compareOne } from '../../simulator/compare.js';
import { variantsOf } from '../../simulator/variants.js';
import { join as joinRun } from '../../client/node/join.js';
import { predict } from '../../client/node/predict.js';
import { serve } from '../../server/serve.js';
import { refusalOf } from '../../shared/combinations.js';
import type { RunEvent } from '../../shared/events.js';
import { arrayDataset, type ClientData } from '../../shared/data/dataset.js';
import { int32 } from '../../shared/ndarray.js';
import { findSchedule, scheduleNames } from '../../shared/schedules.js';
import { findTopology } from '../../shared/topologies.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { someOf } from '../helpers/whole-suite.js';

/** Every third training label is wrong: who learns them by heart does worse on the test samples, which are right. */
const data = await misleading(tinyData(63, 5));
const task = tinyTask;
const common = { task, data, clients: 3, seed: 17, engine: 'tfjs', transport: 'loopback' } as const;

async function run(options: Partial<SimulateOptions> = {}) {
  const events: RunEvent[] = [];
  const result = await simulate({ ...common, epochs: 60, onEvent: (event) => events.push(event), ...options });
  return { ...result, events };
}

const schedules = scheduleNames.filter((name) => refusalOf(findTopology('vanilla'), findSchedule(name)) === undefined);

describe.each(someOf(schedules, 2))('with the schedule %s', (schedule) => {
  it('stops when nothing better comes, and ends with the model of the best round', async () => {
    const { summary, events } = await run({ schedule, patience: 3 });
    const { best, evaluations, stopped } = summary;
    const losses = evaluations.map(({ testLoss }) => testLoss ?? NaN);
    // Or the last model would be the best, and the test would show nothing.
    expect(stopped).toBe('patience');
    expect(best).toEqual({ round: losses.length - 3, monitor: 'loss', value: Math.min(...losses) });
    expect(evaluations.map(({ round }) => round)).toEqual(losses.map((_, i) => i + 1));
    expect(evaluations.map(({ samples }) => samples)).toEqual(losses.map((_, i) => 63 * (i + 1)));
    expect(summary.testLoss).toBe(best?.value);
    expect(summary.metrics).toEqual(evaluations[losses.length - 4]?.metrics);
    expect(events.filter(({ kind }) => kind === 'scored')).toHaveLength(losses.length);
    // Steps taken as they come on one top give another network each time.
    if (schedule === 'async') return;
    const shorter = await run({ schedule, epochs: best?.round ?? 0 });
    expect(shorter.summary).toMatchObject({ weightsHash: summary.weightsHash, testLoss: summary.testLoss });
    expect(shorter.summary).toMatchObject({ evaluations: [], best: null, stopped: 'epochs' });
    const whole = await run({ schedule, epochs: evaluations.length });
    expect(whole.summary.weightsHash).not.toBe(summary.weightsHash);
    // All bytes but those of evaluations: of the same rounds with one evaluation more or less they are the same.
    const trainingBytes = evaluations.map((point) => point.trainingBytes);
    const [one, two] = await Promise.all([1, 2].map((epochs) => run({ schedule, epochs })));
    const round = (two?.summary.bytes.total ?? 0) - (one?.summary.bytes.total ?? 0);
    expect((trainingBytes[1] ?? 0) - (trainingBytes[0] ?? 0)).toBe(round);
  });
});

describe('a run that is tested on its way', () => {
  it('keeps the best model under u-shaped, where clients score themselves', async () => {
    const u = { topology: 'u-shaped', schedule: 'splitfed-v1', roundSteps: 2 };
    const { summary } = await run({ ...u, patience: 2 });
    expect(summary.stopped).toBe('patience');
    const shorter = await run({ ...u, epochs: Infinity, steps: 3 * 2 * (summary.best?.round ?? 0) });
    expect(shorter.summary.weightsHash).toBe(summary.weightsHash);
    expect(shorter.summary.testLoss).toBe(summary.testLoss);
  });

  it('of one client is tested when and as the centralised one is', async () => {
    const options = { clients: 1, epochs: 4, roundSteps: 4, evaluateEvery: 2 };
    const divided = await run(options);
    const whole = await run({ ...options, schedule: 'centralised' });
    const curve = ({ summary }: typeof whole) => summary.evaluations.map(({ trainingBytes: _, ...point }) => point);
    // 36 steps in rounds of four: five evaluations, the last of a round that is not due.
    expect(curve(whole).map(({ steps }) => steps)).toEqual([8, 16, 24, 32, 36]);
    expect(curve(divided)).toEqual(curve(whole));
    expect(divided.summary.weightsHash).toBe(whole.summary.weightsHash);
    expect(divided.summary.best).toEqual(whole.summary.best);
  });

  it('keeps the model with the largest accuracy, if that is asked for', async () => {
    const { summary } = await run({ epochs: 9, evaluateEvery: 1, monitor: 'accuracy' });
    const accuracies = summary.evaluations.map(({ metrics }) => metrics.accuracy ?? 0);
    expect(summary.stopped).toBe('epochs');
    expect(accuracies[0]).toBeLessThan(Math.max(...accuracies));
    expect(summary.best?.round).toBe(accuracies.indexOf(Math.max(...accuracies)) + 1);
    expect(summary.testAccuracy).toBe(Math.max(...accuracies));
  });

  it('answers predictions with the model it kept', async () => {
    const server = await serve({ task, epochs: 60, patience: 3, engine: 'tfjs', keepServing: true });
    for await (const _ of joinRun(server.url, { data, engine: 'tfjs' }));
    const { summary } = await server.finished;
    const all = await data.test?.batch(Array.from({ length: 7 }, (_, i) => i));
    const rest = await data.test?.batch(Array.from({ length: 6 }, (_, i) => 7 + i));
    let loss = 0;
    const batches = [all, rest].filter((batch) => batch !== undefined);
    for await (const prediction of predict(server.url, batches, { engine: 'tfjs' })) {
      loss += ((prediction.loss ?? NaN) * (prediction.outputs[0]?.shape[0] ?? 0)) / 13;
    }
    await server.close();
    expect(summary.stopped).toBe('patience');
    expect(loss).toBeCloseTo(summary.testLoss ?? NaN, 6);
    expect(loss).toBeLessThan(0.99 * (summary.evaluations.at(-1)?.testLoss ?? NaN));
  });

  it('says in its report and draws in a comparison what it came to', async () => {
    const { summary, clients } = await run({ patience: 3 });
    expect(runReport(summary, clients)).toMatch(
      new RegExp(
        `after round ${summary.best?.round ?? 0}, loss .*; ${summary.evaluations.length} tests, stopped early`,
      ),
    );
    const runs = [];
    for (const variant of variantsOf({ schedule: ['splitfed-v2', 'centralised'] })) {
      runs.push(await compareOne({ ...common, evaluateEvery: 1, epochs: 3 }, variant));
    }
    const page = comparisonPage('two curves', runs);
    expect(page).toContain('aria-label="test loss over training samples"');
    expect(page.match(/<polyline/g)).toHaveLength(4);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each([
    [{ monitor: 'accuracy' }, /nothing is evaluated before the end/],
    [{ patience: 2, monitor: 'auc' }, /the task does not measure 'auc'/],
    [{ patience: 0 }, /patience is 0/],
    [{ evaluateEvery: 1.5 }, /evaluateEvery is 1.5/],
    [{ patience: 2, data: { train: data.train } }, /no test samples/],
    [
      { patience: 2, monitor: 'confusionMatrix', task: { ...task, metrics: ['confusionMatrix'] as const } },
      /'confusionMatrix' is no single number/,
    ],
  ])('is refused with %o', async (options, message) => {
    await expect(run(options)).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });
});

async function misleading({ train, test }: ClientData): Promise<ClientData> {
  const { inputs, labels } = await train.batch(Int32Array.from({ length: train.size }, (_, i) => i));
  const wrong = Array.from(labels[0]?.data ?? [], (label, i) => (i % 3 === 0 ? (label + 1) % 3 : label));
  return { train: arrayDataset(inputs, [int32([train.size], wrong)]), ...(test ? { test } : {}) };
}
