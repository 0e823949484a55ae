import * as tf from '@tensorflow/tfjs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExportFormat } from '../../server/export-formats.js';
import { exportModel } from '../../server/export-model.js';
import { fromFolder } from '../../server/from-folder.js';
import { loadSegment } from '../../server/saved-bottom.js';
import { loadTrainedModel } from '../../server/saved-model.js';
import { readSavedRun, saveRun, type SavedRun } from '../../server/saved-run.js';
import { loadRuntime, type OnnxRuntime } from '../../shared/engine/onnx/runtime.js';
import { toTensor } from '../../shared/model/weights.js';
import type { NdArray } from '../../shared/ndarray.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate } from '../../simulator/simulate.js';
import { madeUpDigits } from '../helpers/digits.js';

const task = findTask('mnist-norm');
const data = madeUpDigits(150);
let folder: string;
let saved: SavedRun;
let runtime: OnnxRuntime;
let digits: NdArray[];
let expected: Float32Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-'));
  await saveRun(folder, 'mnist-norm', await simulate({ task, data, clients: 2, steps: 3, engine: 'tfjs' }));
  saved = await readSavedRun(folder);
  runtime = await loadRuntime({ kind: 'native' });
  digits = [...(await (data.test ?? data.train).batch([3, 14, 15, 9, 26, 5, 29])).inputs];
  const model = await loadTrainedModel(folder, task, saved);
  expected = tf.tidy(() => tf.softmax(model.predict(digits.map(toTensor)) as tf.Tensor).dataSync() as Float32Array);
  model.dispose();
});

async function exported(format: ExportFormat, segment?: number) {
  const whole = await loadTrainedModel(folder, task, saved);
  const [model] = segment === undefined ? [whole] : await loadSegment(whole, task, saved, segment);
  const to = await mkdtemp(join(tmpdir(), 'tandem-export-'));
  const { name, loss } = task;
  const result = await exportModel(model, to, { format, task: segment === 0 ? { name } : { name, loss } });
  model.dispose();
  return { ...result, folder: to };
}

async function answers(file: string, input: NdArray): Promise<NdArray> {
  const session = await runtime.open(new Uint8Array(await readFile(file)));
  const [name = ''] = session.inputNames;
  const tensor = new runtime.Tensor('float32', input.data as Float32Array, [...input.shape]);
  const output = (await session.run({ [name]: tensor }))[session.outputNames[0] ?? ''];
  await session.release();
  return { dtype: 'float32', shape: [...(output?.dims ?? [])], data: output?.data as Float32Array };
}

const near = (found: ArrayLike<number>, wanted: ArrayLike<number>) => {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) expect(Math.abs((found[i] ?? NaN) - (wanted[i] ?? NaN))).toBeLessThan(1e-5);
};

describe('a saved run is exported', () => {
  it('as ONNX with probabilities', async () => {
    const { file, outputs, difference } = await exported('onnx');
    expect(outputs).toEqual(['probabilities']);
    expect(difference).toBeLessThan(1e-5);
    near((await answers(file, digits[0] as NdArray)).data, expected);
  });

  it('as one ONNX file a segment, which together answer the same', async () => {
    const bottom = await exported('onnx', 0);
    expect(bottom.outputs).not.toContain('probabilities');
    const top = await exported('onnx', 1);
    near((await answers(top.file, await answers(bottom.file, digits[0] as NdArray))).data, expected);
  });

  it('as a folder that tfjs reads in Node', async () => {
    const { folder: to } = await exported('tfjs');
    const model = await tf.loadLayersModel(fromFolder(to));
    near(
      tf.tidy(() => tf.softmax(model.predict(digits.map(toTensor)) as tf.Tensor).dataSync()),
      expected,
    );
    model.dispose();
  });

  it('as safetensors, every weight by its name', async () => {
    const { file } = await exported('safetensors');
    const bytes = await readFile(file);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8')) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >;
    const { __metadata__: said, ...tensors } = header;
    expect(said).toMatchObject({ task: 'mnist-norm' });
    const model = await loadTrainedModel(folder, task, saved);
    const kernel = model.getLayer('conv1').getWeights()[0] as tf.Tensor;
    const found = tensors['conv1/kernel'];
    expect(found).toMatchObject({ dtype: 'F32', shape: kernel.shape });
    const [from = 0, to = 0] = found?.data_offsets ?? [];
    const values = bytes.subarray(8 + length + from, 8 + length + to);
    expect(new Float32Array(new Uint8Array(values).buffer)).toEqual(kernel.dataSync());
    const total = Object.values(tensors).reduce((most, { data_offsets: [, end] }) => Math.max(most, end), 0);
    expect(bytes.length).toBe(8 + length + total);
    expect(Object.keys(tensors)).toHaveLength(model.weights.length);
    model.dispose();
  });

  it('but not a segment that the run did not have', async () => {
    await expect(exported('onnx', 2)).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringMatching(/no segment 2: task 'mnist-norm' has 2 under 'vanilla'/) as string,
    });
  });
});
