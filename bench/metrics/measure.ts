import * as tf from '@tensorflow/tfjs';
import { refusalOf } from '../../shared/combinations.js';
import type { Engine } from '../../shared/engine/engine.js';
import { buildModel } from '../../shared/model/build.js';
import { float32 } from '../../shared/ndarray.js';
import { findSchedule, isUndivided, scheduleNames } from '../../shared/schedules.js';
import { findTopology, placeSegments, topologyNames, type Placement } from '../../shared/topologies.js';
import { simulate } from '../../simulator/simulate.js';
import { independently } from './independent.js';
import { dataOf, taskOf, type Column } from './tasks.js';

/** Who trains with whom, and who has the loss. */
export interface Combination {
  readonly topology: string;
  readonly schedule: string;
  readonly loss: Placement['loss'];
}

/** One metric of one run, beside the same computed by itself. */
export interface MeasuredMetric {
  readonly name: string;
  /** How far the run's value is from it; 0 for a confusion matrix that is the very same, Infinity for another. */
  readonly difference: number;
  /** What the run says how far it may be; null where it says exact. */
  readonly declared: number | null;
}

/** All combinations of a topology and a schedule that run. */
export function combinations(): Combination[] {
  return topologyNames.flatMap((topology) =>
    scheduleNames.flatMap((schedule) => {
      const [placed, row] = [findTopology(topology), findSchedule(schedule)];
      if (refusalOf(placed, row) !== undefined) return [];
      const alone = isUndivided(row) || row.clients === 'none';
      const loss = alone
        ? row.clients === 'none'
          ? 'server'
          : 'client'
        : placeSegments(placed, placed.leastCuts + 1).loss;
      return [{ topology, schedule, loss }];
    }),
  );
}

const SEED = 5;

/** A run whose weights never move, so that its tests are of a model that can be tested undivided as well. */
export async function measure(column: Column, { topology, schedule }: Combination, engine: Engine, rows: number) {
  const task = taskOf(column, topology);
  const data = dataOf(column, topology, rows, SEED);
  const run = {
    task,
    data,
    topology,
    schedule,
    seed: SEED,
    steps: 3,
    loadedEngine: engine,
    transport: 'loopback',
  } as const;
  const { summary } = await simulate({ ...run, clients: findTopology(topology).data === 'features' ? 2 : 3 });
  const all = await data.test?.batch(Array.from({ length: rows }, (_, i) => i));
  const labels = all?.labels[0];
  if (!all || !labels) throw new Error('there is nothing to test on');
  const model = await buildModel(task, SEED);
  const inputs = all.inputs.map(({ data: values, shape }) => tf.tensor(values, [...shape]));
  const made = model.predict(inputs.length === 1 ? (inputs[0] as tf.Tensor) : inputs) as tf.Tensor;
  const outputs = float32(made.shape, await made.data());
  tf.dispose([...inputs, made]);
  model.dispose();
  const expected = independently(column.kind, labels, outputs);
  return task.metrics.map((name): MeasuredMetric => {
    const difference = differenceOf(summary.metrics[name], expected[name]);
    return { name, difference, declared: summary.approximate[name] ?? null };
  });
}

function differenceOf(value: unknown, expected: unknown): number {
  if (typeof value === 'number' && typeof expected === 'number') return Math.abs(value - expected);
  return JSON.stringify(value) === JSON.stringify(expected) ? 0 : Infinity;
}
