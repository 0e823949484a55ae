import { describe, expect, it } from 'vitest';
import { applyChange, changesBetween } from '../../shared/dashboard/changes.js';
import { reduceDashboard, type DashboardInput } from '../../shared/dashboard/reduce.js';
import { addPoint, emptySeries, MAX_POINTS } from '../../shared/dashboard/series.js';
import { initialDashboard, noTraffic, type DashboardState, type RunFacts } from '../../shared/dashboard/state.js';
import type { RunEvent, RunSummary } from '../../shared/events.js';
import { createRng } from '../../shared/rng.js';

const SEED = 90_211;
const START = 1_700_000_000_123;

const facts: RunFacts = {
  run: 'r-7',
  task: 'odd',
  topology: 'vanilla',
  schedule: 'splitfed-v2',
  engine: 'tfjs (wasm)',
  clients: 3,
  seed: 5,
  batch: 7,
  roundSteps: null,
  participation: 1,
  chain: [
    { party: 'client', role: 'bottom', cut: 'hidden' },
    { party: 'server', role: 'top', cut: null },
  ],
  data: 'rows',
  metric: { name: 'accuracy', isShare: true },
  gradients: true,
};

const event = (told: RunEvent, at = START): DashboardInput => ({ kind: 'event', at, event: told });
const step = (number: number, client: number, loss: number, samples = 7) =>
  event({ kind: 'step', step: number, client, loss, samples }, START + 10 * number);
const after = (...inputs: DashboardInput[]) => inputs.reduce(reduceDashboard, initialDashboard(facts, START));

describe('what a dashboard makes of a run', () => {
  it('counts steps and samples in all and by client, and keeps who left', () => {
    const state = after(
      event({ kind: 'client-joined', client: 2, samples: 21, engine: 'onnx (wasm)' }),
      event({ kind: 'client-joined', client: 0, samples: 13, engine: 'tfjs (cpu)' }),
      event({ kind: 'round-started', round: 0, planned: 5 }),
      step(1, 2, 2.5),
      step(2, 0, 2.25),
      step(3, 2, 1.5, 3),
      event({ kind: 'client-left', client: 2, code: 'LINK_LOST', reason: 'the link was lost' }),
      event({ kind: 'round-started', round: 1, planned: 5 }),
    );
    expect(state.clients.map(({ client, steps, loss, here }) => [client, steps, loss, here])).toEqual([
      [0, 1, 2.25, true],
      [2, 2, 1.5, false],
    ]);
    expect(state.progress).toMatchObject({ round: 1, steps: 3, planned: 5, samples: 17, stepsBefore: 3 });
    expect(state.progress.loss).toBeCloseTo(2.5 + 0.05 * (2.25 - 2.5) + 0.05 * (1.5 - 2.4875), 12);
    expect(state.loss).toMatchObject({ x: [1, 2, 3], columns: [[2.5, 2.25, 1.5]] });
    expect(state.clients[1]?.reason).toBe('the link was lost');
    expect(state.log.map(({ kind }) => kind)).toEqual(['came', 'came', 'course', 'lost']);
  });

  it('notes how many rows of a vertical run were predicted', () => {
    const { log } = after(event({ kind: 'predicted', rows: 7, of: 20 }));
    expect(log).toMatchObject([{ kind: 'course', text: 'predicted 7 of 20 rows to the active party' }]);
  });

  it('shows tests, their numbers and the newest confusion matrix', () => {
    const point = { round: 1, steps: 9, samples: 63, trainingBytes: 1, testLoss: 0.75 };
    const confusion = [
      [5, 1],
      [2, 3],
    ];
    const state = after(
      event({ kind: 'evaluating', samples: 11 }),
      event({ kind: 'evaluated', samples: 4 }),
      event({ kind: 'scored', evaluation: { ...point, metrics: { accuracy: 0.6, confusionMatrix: confusion } } }),
      event({ kind: 'scored', evaluation: { ...point, round: 2, steps: 18, metrics: { accuracy: 0.7 } } }),
    );
    expect(state.evaluations.map(({ steps, metrics }) => [steps, metrics])).toEqual([
      [9, { accuracy: 0.6 }],
      [18, { accuracy: 0.7 }],
    ]);
    expect(state.confusion).toBe(confusion);
    expect(state.progress.testing).toEqual({ samples: 11, done: 4 });
  });

  it('learns the only test of a run from its end', () => {
    const summary = { steps: 9, samples: 63, testLoss: 0.5, metrics: { accuracy: 0.8 }, evaluations: [] };
    const state = after({ kind: 'finished', at: START + 5, summary: summary as unknown as RunSummary });
    expect([state.phase, state.evaluations]).toEqual([
      'finished',
      [{ steps: 9, round: 1, testLoss: 0.5, metrics: { accuracy: 0.8 } }],
    ]);
    expect(after({ kind: 'failed', at: START, code: 'NO_CLIENTS', reason: 'all left' })).toMatchObject({
      phase: 'failed',
      ending: { kind: 'failed', code: 'NO_CLIENTS' },
    });
  });

  it('says at the door who was refused and why, and no word of links', () => {
    const access = {
      kind: 'access',
      address: '203.0.113.7',
      subject: null,
      role: null,
      code: null,
      reason: null,
    } as const;
    const state = after(
      event({ ...access, what: 'link-opened' }),
      event({ ...access, what: 'refused', code: 'NO_ENTRY', reason: 'x'.repeat(5000) }),
      event({ kind: 'refused', client: null, code: 'BAD_SHAPE', reason: 'three numbers' }),
    );
    expect(state.refusals).toEqual({ NO_ENTRY: 1, BAD_SHAPE: 1 });
    expect(state.log).toHaveLength(2);
    expect(state.log[0]?.text).toMatch(/^203\.0\.113\.7 was refused: x{199}…$/);
  });

  it('stays small whatever happens', () => {
    let state = initialDashboard(facts, START);
    for (let i = 1; i <= 20_000; i++) state = reduceDashboard(state, step(i, i % 3, 1 / i));
    for (let i = 0; i < 500; i++) {
      const refusal = { kind: 'refused', client: null, code: `CODE_${i}`, reason: 'no'.repeat(300) } as const;
      state = reduceDashboard(state, event(refusal));
    }
    expect(JSON.stringify(state).length).toBeLessThan(40_000);
    expect(state.loss.x.length).toBeLessThan(MAX_POINTS);
    expect(Object.values(state.refusals).reduce((sum, number) => sum + number, 0)).toBe(500);
  });
});

describe('a curve', () => {
  it('keeps its mean when it is thinned out', () => {
    const values = Array.from({ length: 8 * MAX_POINTS }, (_, i) => ((i * 37) % 101) - 20);
    const full = values.reduce((series, value, i) => addPoint(series, i, [value]), emptySeries(1));
    const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    const told = full.x.length * full.stride;
    expect(full.stride).toBeGreaterThan(4);
    expect(mean(full.columns[0] ?? [])).toBeCloseTo(mean(values.slice(0, told)), 9);
    expect(full.x.at(-1)).toBe(told - 1);
  });
});

describe('changes', () => {
  it(`lead from any state to any later one (seed ${SEED})`, () => {
    const rng = createRng('dashboard', SEED);
    const draw = (below: number) => rng.int(below);
    const inputs = Array.from({ length: 3000 }, (_, i): DashboardInput => {
      const kinds: DashboardInput[] = [
        step(i + 1, draw(3), rng.float()),
        step(i + 1, draw(3), rng.float()),
        { kind: 'measured', at: START + 40 * i, traffic: { ...noTraffic, up: i } },
        event({ kind: 'round-started', round: draw(9), planned: 3000 }),
        event({ kind: 'client-left', client: draw(3), code: null, reason: 'odd' }),
      ];
      return kinds[draw(kinds.length)] as DashboardInput;
    });
    let shown = initialDashboard(facts, START);
    let told: DashboardState = shown;
    let page = JSON.parse(JSON.stringify(told)) as DashboardState;
    for (const input of inputs) {
      shown = reduceDashboard(shown, input);
      if (draw(20) > 0) continue;
      page = applyChange(
        page,
        JSON.parse(JSON.stringify(changesBetween(told, shown))) as ReturnType<typeof changesBetween>,
      );
      told = shown;
      expect(page).toEqual(shown);
    }
    expect(shown.loss.stride).toBeGreaterThan(1);
  });

  it('say nothing of what is as it was, and of curves only what is new', () => {
    const before = after(step(1, 0, 3), step(2, 1, 2));
    const later = reduceDashboard(before, step(3, 1, 1));
    const change = changesBetween(before, later);
    expect(Object.keys(change.set).sort()).toEqual(['clients', 'progress']);
    expect(change.grow.loss).toMatchObject({ from: 2, x: [3], columns: [[1]] });
    expect(changesBetween(later, later)).toEqual({ set: {}, grow: {} });
  });
});
