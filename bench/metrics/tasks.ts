import * as tf from '@tensorflow/tfjs';
import { arrayDataset, type ClientData } from '../../shared/data/dataset.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { decide } from '../../shared/metrics/decide.js';
import { judgedOf, type LabelKind } from '../../shared/metrics/label-kind.js';
import { metricNames } from '../../shared/metrics/metrics.js';
import type { LossName } from '../../shared/model/loss-names.js';
import { verticalCut, verticalModel } from '../../shared/model/vertical-model.js';
import { float32, int32, type NdArray, type TensorSpec } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { defineTask, type LabelSpec, type Task } from '../../shared/task.js';
import { findTopology } from '../../shared/topologies.js';

/** A column of the table: labels that mean one thing, beside so many outputs. */
export interface Column {
  readonly title: string;
  readonly kind: LabelKind;
  readonly width: number;
  readonly loss: LossName;
}

export const columns: readonly Column[] = [
  { title: 'class, of two', kind: 'class', width: 2, loss: 'softmaxCrossEntropy' },
  { title: 'class, of more', kind: 'class', width: 3, loss: 'softmaxCrossEntropy' },
  { title: 'one-hot, of two', kind: 'one-hot', width: 2, loss: 'sigmoidCrossEntropy' },
  { title: 'one-hot, of more', kind: 'one-hot', width: 3, loss: 'meanSquaredError' },
  { title: 'binary', kind: 'binary', width: 1, loss: 'sigmoidCrossEntropy' },
  { title: 'multi-label', kind: 'multi-label', width: 3, loss: 'sigmoidCrossEntropy' },
  { title: 'number', kind: 'number', width: 2, loss: 'meanSquaredError' },
];

const WIDTHS = [3, 2];
const DEEP = 'below,hidden';

export function labelOf({ kind, width }: Column): LabelSpec {
  if (kind === 'class') return { name: 'label', dtype: 'int32', shape: [] };
  if (kind === 'binary') return { name: 'label', dtype: 'int32', shape: [] };
  return { name: 'label', dtype: 'float32', shape: [width], ...(kind === 'number' ? {} : { kind }) };
}

export function outputOf({ width }: Column): TensorSpec {
  return { name: 'out', dtype: 'float32', shape: [width] };
}

/** A task with every metric that its labels can have. At a rate of 0 its model stays as it was made, whoever trains it. */
export function taskOf(column: Column, topology: string): Task {
  const label = labelOf(column);
  const judged = judgedOf(column.loss, label, outputOf(column));
  const vertical = findTopology(topology).data === 'features';
  return defineTask({
    name: `metrics of ${column.title}`,
    cut: vertical ? verticalCut(WIDTHS.length) : 'below',
    cuts: vertical
      ? { 'vertical-u-shaped': `${verticalCut(WIDTHS.length)},hidden` }
      : { 'u-shaped': DEEP, 'multi-hop': DEEP },
    loss: column.loss,
    optimizer: sgd(0),
    labels: [label],
    metrics: metricNames.filter((name) => decide(name, judged, 'server').how !== 'refused'),
    batch: 16,
    model: vertical ? () => joined(column) : () => chained(column),
  });
}

function chained({ width }: Column): tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.dense({ name: 'below', units: 6, activation: 'tanh', inputShape: [WIDTHS[0] ?? 0] }),
      tf.layers.dense({ name: 'hidden', units: 5, activation: 'tanh' }),
      tf.layers.dense({ name: 'out', units: width }),
    ],
  });
}

function joined({ width }: Column): tf.LayersModel {
  return verticalModel({
    inputs: WIDTHS,
    fusion: 'concat',
    bottom: (party, input) =>
      tf.layers.dense({ name: `bottom${party}`, units: 4, activation: 'tanh' }).apply(input) as tf.SymbolicTensor,
    top: (fused) => {
      const hidden = tf.layers.dense({ name: 'hidden', units: 5, activation: 'tanh' }).apply(fused);
      return tf.layers.dense({ name: 'out', units: width }).apply(hidden) as tf.SymbolicTensor;
    },
  });
}

/** Rows whose labels go with their features, so that no metric is at an end of its range. */
export function dataOf(column: Column, topology: string, rows: number, seed: number): ClientData {
  const part = (name: string, length: number) => {
    const rng = createRng('metrics', name, seed);
    const inputs = WIDTHS.map((width) =>
      float32(
        [length, width],
        Array.from({ length: length * width }, () => rng.normal()),
      ),
    );
    const given = findTopology(topology).data === 'features' ? inputs : inputs.slice(0, 1);
    return arrayDataset(given, [labelsFor(column, inputs[0]?.data ?? [], length, () => rng.normal())]);
  };
  return { train: part('train', 24), test: part('test', rows) };
}

function labelsFor({ kind, width }: Column, features: ArrayLike<number>, length: number, noise: () => number): NdArray {
  const signal = (row: number, i: number) => (features[3 * row + (i % 3)] ?? 0) + noise();
  const rows = Array.from({ length }, (_, row) => Array.from({ length: width }, (_value, i) => signal(row, i)));
  const numbers = rows.map((row) => (width === 1 ? Number((row[0] ?? 0) > 0) : row.indexOf(Math.max(...row))));
  switch (kind) {
    case 'class':
    case 'binary':
      return int32([length], numbers);
    case 'one-hot':
      return float32(
        [length, width],
        numbers.flatMap((number) => rows[0]?.map((_, i) => Number(i === number)) ?? []),
      );
    case 'multi-label':
      return float32(
        [length, width],
        rows.flat().map((value) => Number(value > 0)),
      );
    case 'number':
      return float32([length, width], rows.flat());
  }
}
