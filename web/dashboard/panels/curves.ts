import type { DashboardState, RunFacts } from '../../../shared/dashboard/state.js';
import { Chart } from '../chart.js';
import { byId } from '../dom.js';
import { bytes, count, duration, lossText, metricOf, metricText, metricTitle, percent, real } from '../format.js';

const steps = { label: 'step', format: count };
const seconds = { label: 'after', format: (value: number) => duration(1000 * value) };
const rate = (value: number) => `${bytes(value)}/s`;

/** Loss, tests, samples and bytes over the course of the run. */
export class Curves {
  private readonly loss = new Chart(byId('chart-loss'), {
    title: 'Training loss',
    x: steps,
    lines: [{ label: 'loss', colour: '--accent', format: lossText, tick: (value) => real(value, 3) }],
    nothing: 'It begins with the first step.',
  });
  private readonly samples = new Chart(byId('chart-rate'), {
    title: 'Samples a second',
    x: seconds,
    lines: [{ label: 'samples/s', colour: '--accent', format: count }],
    fromZero: true,
    nothing: 'It is measured every second of training.',
  });
  private readonly flow = new Chart(byId('chart-bytes'), {
    title: 'Bytes a second',
    x: seconds,
    lines: [
      { label: 'up', colour: '--up', format: rate, tick: bytes },
      { label: 'down', colour: '--down', format: rate },
    ],
    fromZero: true,
    nothing: 'They are counted every second of training.',
  });
  private tests: { readonly chart: Chart; readonly run: string } | null = null;
  private evaluations: DashboardState['evaluations'] | null = null;

  update({ facts, loss, flow, evaluations }: DashboardState): void {
    this.loss.update(loss.x, loss.columns);
    this.samples.update(flow.x, flow.columns.slice(0, 1));
    this.flow.update(flow.x, flow.columns.slice(1));
    if (this.tests?.run === facts.run && evaluations === this.evaluations) return;
    this.evaluations = evaluations;
    // What is measured is known with the run.
    if (this.tests?.run !== facts.run) this.tests = { chart: testChart(facts), run: facts.run };
    const scored = evaluations.filter((point) => metricOf(facts.metric, point) !== null);
    this.tests.chart.update(
      scored.map((point) => point.steps),
      [scored.map((point) => metricOf(facts.metric, point))],
    );
  }

  redraw(): void {
    for (const chart of [this.loss, this.tests?.chart, this.samples, this.flow]) chart?.redraw();
  }
}

/** What the tests of a run say of its model, by the metric that suits its labels. */
function testChart({ metric }: RunFacts): Chart {
  const title = metricTitle(metric);
  const isPercent = metric?.name === 'accuracy';
  return new Chart(byId('chart-accuracy'), {
    title: metric ? `${title} on test samples` : title,
    x: steps,
    lines: [
      {
        label: metric?.name ?? 'test loss',
        colour: '--good',
        format: (value) => metricText(metric, value),
        tick: (value) => (isPercent ? percent(value, 1) : real(value, 3)),
        points: true,
      },
    ],
    share: metric?.isShare ?? false,
    nothing: 'It is measured at the end, or on the way with --evaluate-every.',
  });
}
