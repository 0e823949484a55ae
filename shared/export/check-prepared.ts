import type * as tf from '@tensorflow/tfjs';
import type { Tensor } from 'onnxruntime-common';
import type { OnnxRuntime } from '../engine/onnx/runtime.js';
import { patchLayers } from '../engine/tfjs/patch-layers.js';
import { chancesFrom } from '../model/chances.js';
import type { NdArray } from '../ndarray.js';
import { answerOf } from '../preparation/answer.js';
import type { RawRow, RawValue } from '../preparation/raw-row.js';
import type { RunReading } from '../run-reading.js';
import { preparedOnnx, type PreparedOnnx } from './prepared-onnx.js';
import { runExported } from './run-exported.js';

/** A sample as it lies in a file, and as the model takes it. */
export interface ComparedRow {
  readonly raw: RawRow;
  readonly inputs: readonly NdArray[];
}

export interface CheckedPrepared extends PreparedOnnx {
  /** The largest difference from what the run answers: absolute of chances, relative of numbers. */
  readonly distance: number;
  /** Samples that were compared. */
  readonly compared: number;
}

/**
 * Writes a model with its preparation as an .onnx file, and lets ONNX Runtime answer samples from raw with it. The model is used up: the
 * caller disposes it. Throws BAD_MODEL where it cannot be written or run.
 */
export async function checkedPrepared(
  runtime: OnnxRuntime,
  model: tf.LayersModel,
  reading: RunReading,
  rows: readonly ComparedRow[],
  ask: (model: tf.LayersModel, inputs: readonly NdArray[]) => Promise<Float32Array>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<CheckedPrepared> {
  patchLayers(model);
  const expected: number[][] = [];
  for (const { inputs } of rows) expected.push(answersOf(await ask(model, inputs), reading));
  const file = preparedOnnx(model, reading, metadata);
  const answer = answerOf(reading.preparation);
  const scale = answer.kind === 'number' ? answer.deviation : 0;
  let distance = 0;
  await runExported(runtime, file.bytes, async (session) => {
    for (const [i, { raw }] of rows.entries()) {
      const found = await session.run(feedsOf(runtime, raw));
      const own = found.probabilities ?? found.prediction;
      distance = Math.max(distance, distanceOf(own?.data as ArrayLike<number>, expected[i] ?? [], scale));
    }
  });
  return { ...file, distance, compared: rows.length };
}

function answersOf(outputs: Float32Array, { preparation, chances }: RunReading): number[] {
  const answer = answerOf(preparation);
  if (answer.kind === 'classes') return chancesFrom(outputs, chances ?? undefined);
  return [(outputs[0] ?? NaN) * answer.deviation + answer.mean];
}

function feedsOf({ Tensor: Value }: OnnxRuntime, raw: RawRow): Record<string, Tensor> {
  const tensor = ({ dtype, shape, data }: RawValue) =>
    dtype === 'string' ? new Value('string', data as string[], shape) : new Value(dtype, data as Float64Array, shape);
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, tensor(value)]));
}

/** `scale` is how far numbers lie apart, below which a difference is nothing to anybody; 0 of chances. */
function distanceOf(found: ArrayLike<number>, wanted: readonly number[], scale: number): number {
  if (found.length !== wanted.length) return Infinity;
  const apart = wanted.map((value, i) => {
    const difference = Math.abs((found[i] ?? NaN) - value) / Math.max(scale, scale === 0 ? 1 : Math.abs(value));
    return Number.isNaN(difference) ? Infinity : difference;
  });
  return apart.reduce((a, b) => Math.max(a, b), 0);
}
