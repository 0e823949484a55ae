import type { CurvePoint } from '../../storage/run-folder.js';

/** The curve of a run as a table for other programs; figures are in the label's own unit. */
export function curveCsv(curve: readonly CurvePoint[]): string {
  const figures = [...new Set(curve.flatMap(({ metrics }) => Object.keys(metrics)))].filter((name) => name !== 'loss');
  const head = ['round', 'steps', 'samples', 'seconds', 'train_loss', 'test_loss', ...figures];
  const rows = curve.map(({ round, steps, samples, seconds, trainLoss, testLoss, metrics }) => [
    ...[round, steps, samples, Number(seconds.toFixed(3)), trainLoss, testLoss],
    ...figures.map((name) => metrics[name] ?? null),
  ]);
  return [head, ...rows].map((cells) => `${cells.map((cell) => cell ?? '').join(',')}\n`).join('');
}
