import * as tf from '#tfjs';
import type { OnnxRuntime } from '../engine/onnx/runtime.js';
import { patchLayers } from '../engine/tfjs/patch-layers.js';
import type { Chances } from '../model/chances.js';
import { toTensor } from '../model/weights.js';
import type { NdArray } from '../ndarray.js';
import { onnxFile, type OnnxFile, type OnnxFileOptions } from './onnx-file.js';
import { runExported } from './run-exported.js';

export interface CheckedOnnx extends OnnxFile {
  /** The largest difference from what tfjs answers: absolute up to 1, relative beyond. */
  readonly distance: number;
}

/**
 * Writes a model as an .onnx file, and lets ONNX Runtime answer some rows with it. The model is used up: the caller disposes it. Throws
 * BAD_MODEL where it cannot be written or run.
 */
export async function checkedOnnx(
  runtime: OnnxRuntime,
  model: tf.LayersModel,
  rows: readonly NdArray[],
  options: OnnxFileOptions = {},
): Promise<CheckedOnnx> {
  patchLayers(model);
  const expected = answersOf(model, rows, options.chances);
  const file = onnxFile(model, options);
  return { ...file, distance: await distanceOfOnnx(runtime, file, rows, expected) };
}

function answersOf(model: tf.LayersModel, inputs: readonly NdArray[], chances: Chances | undefined): Float32Array[] {
  return tf.tidy(() => {
    const given = inputs.map(toTensor);
    // What predict() hands on to layers that read other layers' states, it disposes too early.
    const answer = model.apply(given.length === 1 && given[0] ? given[0] : given, { training: false });
    const outputs = (Array.isArray(answer) ? answer : [answer]) as tf.Tensor[];
    return outputs.map((output, i) => {
      const judged = i > 0 || !chances ? output : chances === 'Softmax' ? tf.softmax(output) : tf.sigmoid(output);
      return Float32Array.from(judged.dataSync());
    });
  });
}

async function distanceOfOnnx(
  runtime: OnnxRuntime,
  file: OnnxFile,
  inputs: readonly NdArray[],
  expected: readonly Float32Array[],
): Promise<number> {
  const rows = inputs[0]?.shape[0] ?? 0;
  const size = file.anyBatch ? rows : 1;
  let distance = 0;
  await runExported(runtime, file.bytes, async (session) => {
    for (let from = 0; from < rows; from += size) {
      const feeds = file.inputs.map((name, i) => [name, feedOf(runtime, inputs[i] as NdArray, from, size)] as const);
      const found = await session.run(Object.fromEntries(feeds));
      file.outputs.forEach((name, i) => {
        const values = found[name]?.data as Float32Array;
        const wanted = expected[i]?.subarray((from * values.length) / size, ((from + size) * values.length) / size);
        distance = Math.max(distance, distanceOf(values, wanted ?? new Float32Array(0)));
      });
    }
  });
  return distance;
}

function feedOf({ Tensor }: OnnxRuntime, { dtype, shape, data }: NdArray, from: number, rows: number) {
  const one = data.length / (shape[0] ?? 1);
  const part = data.slice(from * one, (from + rows) * one);
  const of = [rows, ...shape.slice(1)];
  if (part instanceof Float32Array) return new Tensor('float32', part, of);
  return new Tensor('int32', dtype === 'uint8' ? Int32Array.from(part) : (part as Int32Array), of);
}

function distanceOf(found: Float32Array, wanted: Float32Array): number {
  if (found.length !== wanted.length) return Infinity;
  let most = 0;
  for (let i = 0; i < found.length; i++) {
    const [a = NaN, b = NaN] = [found[i], wanted[i]];
    if (Object.is(a, b)) continue;
    const apart = Math.abs(a - b) / Math.max(1, Math.abs(b));
    most = Number.isNaN(apart) ? Infinity : Math.max(most, apart);
  }
  return most;
}
