import * as tf from '@tensorflow/tfjs';
import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { layerNets } from '../../bench/layers/layer-nets.js';
import { loadRuntime, type OnnxRuntime } from '../../shared/engine/onnx/runtime.js';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';
import { checkedOnnx } from '../../shared/export/check-onnx.js';
import { takeModel } from '../../shared/model/take-model.js';
import { float32, int32, sizeOf, type NdArray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { oddModels } from '../helpers/odd-models.js';

let runtime: OnnxRuntime;
beforeAll(async () => {
  runtime = await loadRuntime({ kind: 'native' });
  await useBestBackend();
});

const folder = await mkdtemp(join(tmpdir(), 'tandem-onnx-'));
const written: string[] = [];
const ROWS = 7;

function rowsFor(model: tf.LayersModel, tokens?: number): NdArray[] {
  const rng = createRng('export', model.name);
  return model.inputs.map((input) => {
    const shape = [ROWS, ...input.shape.slice(1).map((length) => length ?? 1)];
    const draw = () => (tokens === undefined ? 2 * rng.float() - 1 : rng.int(tokens));
    const values = Array.from({ length: sizeOf(shape) }, draw);
    return input.dtype === 'int32' ? int32(shape, values) : float32(shape, values);
  });
}

async function exported(name: string, build: () => tf.LayersModel, tokens?: number) {
  const model = await takeModel(name, ['export', name], build);
  // Averages and offsets that are not what they begin with.
  const rng = createRng('weights', name);
  model.setWeights(model.getWeights().map((weight) => weight.add(tf.fill(weight.shape, 0.1 * rng.float()))));
  const inputs = rowsFor(model, tokens);
  const file = await checkedOnnx(runtime, model, inputs, { chances: 'Softmax' });
  model.dispose();
  const path = join(folder, `${written.length}.onnx`);
  await writeFile(path, file.bytes);
  written.push(path);
  return file;
}

/** What the compiled engine has no operator for either; it falls back to tfjs there. */
const refused = ['AveragePooling3D', 'CategoryEncoding', 'CenterCrop', 'Conv3D', 'Conv3DTranspose', 'MaxPooling3D'];
const nets = Object.entries(layerNets).flatMap(([name, net]) =>
  // Models refuse a random width themselves.
  typeof net === 'string' || name === 'RandomWidth' ? [] : [[name, net] as const],
);

describe('a model as an .onnx file', () => {
  it.each(nets.filter(([name]) => !refused.includes(name)))(
    'with %s answers what tfjs answers, for any batch',
    async (name, { model, tokens }) => {
      const { distance, outputs, anyBatch } = await exported(name, model, tokens);
      expect(distance).toBeLessThan(1e-5);
      expect({ outputs, anyBatch }).toEqual({ outputs: ['probabilities'], anyBatch: true });
    },
  );

  it.each(Object.entries(oddModels))('%s', async (name, { model }) => {
    expect((await exported(name, model)).distance).toBeLessThan(1e-5);
  });

  it.each(nets.filter(([name]) => refused.includes(name)))(
    'with %s is refused by name',
    async (name, { model, tokens }) => {
      await expect(exported(name, model, tokens)).rejects.toMatchObject({
        code: 'BAD_MODEL',
        message: expect.stringMatching(/cannot be written as ONNX: there is the (operation '|reading of)/) as string,
      });
    },
  );

  const checker = hasChecker();
  it.skipIf(!checker)('passes the checker of ONNX (python3-onnx)', () => {
    const check =
      'import onnx, sys\nfor path in sys.argv[1:]: onnx.checker.check_model(path, full_check=True)\nprint(len(sys.argv) - 1)';
    const said = execFileSync('/usr/bin/python3', ['-c', check, ...written], { encoding: 'utf8' });
    expect(Number(said)).toBe(written.length);
  });
});

function hasChecker(): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import onnx'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
