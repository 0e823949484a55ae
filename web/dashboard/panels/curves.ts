import type { DashboardState } from '../../../shared/dashboard/state.js';
import { Chart } from '../chart.js';
import { byId } from '../dom.js';
import { bytes, count, duration, lossText, percent, real } from '../format.js';

const steps = { label: 'step', format: count };
const seconds = { label: 'after', format: (value: number) => duration(1000 * value) };
const rate = (value: number) => `${bytes(value)}/s`;

/** Loss, accuracy, samples and bytes over the course of the run. */
export class Curves {
  private readonly loss = new Chart(byId('chart-loss'), {
    title: 'Training loss',
    x: steps,
    lines: [{ label: 'loss', colour: '--accent', format: lossText, tick: (value) => real(value, 3) }],
    nothing: 'It begins with the first step.',
  });
  private readonly accuracy = new Chart(byId('chart-accuracy'), {
    title: 'Accuracy on test samples',
    x: steps,
    lines: [
      {
        label: 'accuracy',
        colour: '--good',
        format: (value) => percent(value),
        tick: (value) => percent(value, 1),
        points: true,
      },
    ],
    nothing: 'It is measured at the end, or on the way with --evaluate-every.',
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
  private evaluations: DashboardState['evaluations'] | null = null;

  update({ loss, flow, evaluations }: DashboardState): void {
    this.loss.update(loss.x, loss.columns);
    this.samples.update(flow.x, flow.columns.slice(0, 1));
    this.flow.update(flow.x, flow.columns.slice(1));
    if (evaluations === this.evaluations) return;
    this.evaluations = evaluations;
    const scored = evaluations.filter(({ metrics }) => metrics.accuracy !== undefined);
    this.accuracy.update(
      scored.map((point) => point.steps),
      [scored.map(({ metrics }) => metrics.accuracy ?? null)],
    );
  }

  redraw(): void {
    for (const chart of [this.loss, this.accuracy, this.samples, this.flow]) chart.redraw();
  }
}
