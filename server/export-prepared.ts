import type * as tf from '@tensorflow/tfjs';
import { join } from 'node:path';
import { useBestBackend } from '../shared/engine/tfjs/backend.js';
import { loadRuntime } from '../shared/engine/onnx/runtime.js';
import type { DescribedValue } from '../shared/engine/onnx/graph/encode-model.js';
import { checkedPrepared, type ComparedRow } from '../shared/export/check-prepared.js';
import type { NdArray } from '../shared/ndarray.js';
import type { RunReading } from '../shared/run-reading.js';
import type { Task } from '../shared/task.js';
import { writeIntoFolder } from '../storage/write-into-folder.js';
import { describe, refuseDistance, type ExportedModel } from './export-model.js';

export interface ExportPreparedOptions {
  readonly task: Task;
  readonly reading: RunReading;
  /** To be answered from raw before the file is written. */
  readonly rows: readonly ComparedRow[];
  /** What the run answers. */
  readonly ask: (model: tf.LayersModel, inputs: readonly NdArray[]) => Promise<Float32Array>;
}

export interface ExportedPrepared extends ExportedModel {
  /** Samples that were compared. */
  readonly compared: number;
  readonly values: readonly DescribedValue[];
}

/**
 * Writes a model as ONNX with what comes before and after it: raw data in, words and units out. It is used up, and the caller disposes it.
 * Throws CANNOT_WRITE, and BAD_MODEL where ONNX Runtime answers otherwise than the run does.
 */
export async function exportPrepared(
  model: tf.LayersModel,
  folder: string,
  { task, reading, rows, ask }: ExportPreparedOptions,
): Promise<ExportedPrepared> {
  await useBestBackend();
  const onnx = await checkedPrepared(await loadRuntime(), model, reading, rows, ask, describe(task));
  refuseDistance(onnx.distance);
  await writeIntoFolder({ path: folder, flag: '--out' }, [['model.onnx', onnx.bytes]]);
  const names = (values: readonly DescribedValue[]) => values.map(({ name }) => name);
  const { distance, compared, inputs, outputs } = onnx;
  return {
    file: join(folder, 'model.onnx'),
    difference: distance,
    compared,
    inputs: names(inputs),
    outputs: names(outputs),
    values: inputs,
  };
}
