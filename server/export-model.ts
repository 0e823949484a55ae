import type * as tf from '@tensorflow/tfjs';
import { join } from 'node:path';
import { useBestBackend } from '../shared/engine/tfjs/backend.js';
import { loadRuntime } from '../shared/engine/onnx/runtime.js';
import { TandemError } from '../shared/errors.js';
import { checkedOnnx } from '../shared/export/check-onnx.js';
import { namedWeights } from '../shared/export/named-weights.js';
import { safetensors } from '../shared/export/safetensors.js';
import { chancesOf } from '../shared/model/chances.js';
import { layersFiles } from '../shared/model/layers-files.js';
import { valueRanges } from '../shared/model/value-ranges.js';
import type { NdArray } from '../shared/ndarray.js';
import type { Task } from '../shared/task.js';
import { sampleOf } from '../shared/trial/sample.js';
import { VERSION } from '../shared/version.js';
import { writeIntoFolder } from '../storage/write-into-folder.js';
import { writeLayersFiles } from '../storage/write-layers-files.js';
import type { ExportFormat } from './export-formats.js';

export interface ExportOptions {
  readonly format?: ExportFormat;
  /** Whose model it is; what its loss does with the last output, ONNX does too. */
  readonly task?: Pick<Task, 'name' | 'classes'> & Partial<Pick<Task, 'loss'>>;
  /** Rows to compare the ONNX model's answers on; by default eight made up within the inputs' ranges. */
  readonly rows?: readonly NdArray[];
}

/** What was written of a model, and where. */
export interface ExportedModel {
  /** The file to open. */
  readonly file: string;
  /** ONNX: the largest difference from tfjs's answers, absolute up to 1 and relative beyond. */
  readonly difference?: number;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

/** As much as two ways of adding up the same numbers may differ. */
const MOST_DIFFERENCE = 1e-5;
const ROWS = 8;

/**
 * Writes a model into a folder; the model is used up, and the caller disposes it. An ONNX model is run in ONNX Runtime first, and not
 * written where it answers otherwise. Throws CANNOT_WRITE, BAD_MODEL.
 */
export async function exportModel(
  model: tf.LayersModel,
  folder: string,
  { format = 'tfjs', task, rows }: ExportOptions = {},
): Promise<ExportedModel> {
  const place = { path: folder, flag: '--out' };
  if (format === 'tfjs') return { file: await writeLayersFiles(place, await layersFiles(model)) };
  const metadata = describe(task);
  if (format === 'safetensors') {
    const tensors = namedWeights(model).map(({ name, value }) => [name, value] as const);
    await writeIntoFolder(place, [['model.safetensors', safetensors(tensors, metadata)]]);
    return { file: join(folder, 'model.safetensors') };
  }
  await useBestBackend();
  const chances = chancesOf(task?.loss);
  const onnx = await checkedOnnx(await loadRuntime(), model, rows ?? sampleRows(model), { chances, metadata });
  const { bytes, inputs, outputs, distance } = onnx;
  refuseDistance(distance);
  await writeIntoFolder(place, [['model.onnx', bytes]]);
  return { file: join(folder, 'model.onnx'), inputs, outputs, difference: distance };
}

/** Throws BAD_MODEL where ONNX Runtime answers otherwise than it may. */
export function refuseDistance(distance: number): void {
  if (distance <= MOST_DIFFERENCE) return;
  const what = `ONNX Runtime answers up to ${distance.toPrecision(3)} otherwise than tfjs, more than ${MOST_DIFFERENCE}`;
  throw new TandemError('BAD_MODEL', what, 'export it with --format tfjs');
}

/** What an ONNX file says of itself. */
export function describe(task: ExportOptions['task']): Record<string, string> {
  if (!task) return { tandem: VERSION };
  const { name, classes } = task;
  return classes ? { tandem: VERSION, task: name, classes: JSON.stringify(classes) } : { tandem: VERSION, task: name };
}

function sampleRows(model: tf.LayersModel): NdArray[] {
  const ranges = valueRanges(model);
  return model.inputs.map((input) =>
    sampleOf(
      {
        ...{ name: input.name, dtype: input.dtype === 'int32' ? 'int32' : 'float32', shape: input.shape.slice(1) },
        ...ranges.get(input),
      },
      ROWS,
      1,
    ),
  );
}
