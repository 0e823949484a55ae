import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadTask } from '../../cli/load-task.js';
import { simulate } from '../../simulator/simulate.js';
import { oddData } from '../helpers/odd-models.js';

const require = createRequire(import.meta.url);
const here = dirname(require.resolve('@tensorflow/tfjs/package.json'));
const packages = ['', '-core', '-layers', '-data', '-converter', '-backend-cpu', '-backend-webgl'];
let folder = '';

/** A task's file as one writes it outside of Tandem's folder. */
const task = (layers: string, ahead = '') => `
import * as tf from '@tensorflow/tfjs';
${ahead}
export default {
  name: 'other', cut: 'first', loss: 'softmaxCrossEntropy', metrics: [], batch: 5,
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: 2 }],
  model: () => tf.sequential({ layers: [${layers}] }),
};
`;
const first = `tf.layers.dense({ name: 'first', units: 5, activation: 'tanh', inputShape: [4] })`;
const last = `tf.layers.dense({ name: 'logits', units: 3 })`;
const own = `
class Own extends tf.layers.Layer {
  static className = 'OfAnotherCopy';
  call(inputs) { return tf.mul([inputs].flat()[0], 2); }
}
tf.serialization.registerClass(Own);
`;

/** What Node runs of a package, copied; what these need of others is linked. */
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'tandem-other-copy-')));
  for (const name of packages) {
    const from = dirname(require.resolve(`@tensorflow/tfjs${name}/package.json`));
    const to = join(folder, 'node_modules', '@tensorflow', `tfjs${name}`);
    const text = await readFile(join(from, 'package.json'), 'utf8');
    const { main } = JSON.parse(text) as { main: string };
    await mkdir(dirname(join(to, main)), { recursive: true });
    await copyFile(join(from, main), join(to, main));
    await writeFile(join(to, 'package.json'), text);
  }
  for (const name of ['long', 'seedrandom', 'node-fetch', 'string_decoder']) {
    await symlink(dirname(require.resolve(`${name}/package.json`)), join(folder, 'node_modules', name));
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'plain.js'), task(`${first}, ${last}`));
  await writeFile(join(folder, 'own.js'), task(`${first}, new Own({ name: 'own' }), ${last}`, own));
});

afterAll(() => rm(folder, { recursive: true }));

describe('a task whose file finds another copy of tfjs', () => {
  const run = async (file: string) => {
    const loaded = await loadTask(file);
    return simulate({ task: loaded, data: { train: oddData([4]) }, steps: 4, engine: 'onnx', transport: 'loopback' });
  };

  it('is taken over where its layers are those of tfjs, and trains as with our own copy', async () => {
    const said: string[] = [];
    const warn = vi.spyOn(console, 'warn').mockImplementation((text: string) => void said.push(text));
    const { summary } = await run(join(folder, 'plain.js'));
    warn.mockRestore();
    const ours = new URL('../../dist/other-copy-test.js', import.meta.url);
    await writeFile(ours, task(`${first}, ${last}`));
    expect((await run(ours.pathname)).summary.weightsHash).toBe(summary.weightsHash);
    await rm(ours);
    const about = said.filter((text) => text.startsWith('tandem:'));
    expect(about).toHaveLength(1);
    expect(about[0]).toContain(join(folder, 'node_modules', '@tensorflow', 'tfjs'));
    expect(about[0]).toContain(here);
  });

  it('is refused where it has layers of its own, with both folders', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    await expect(run(join(folder, 'own.js'))).rejects.toThrow(
      expect.objectContaining({ code: 'BAD_MODEL', message: expect.stringContaining(`in ${folder}`) as string }),
    );
    await expect(run(join(folder, 'own.js'))).rejects.toThrow(new RegExp(`OfAnotherCopy`));
    await expect(run(join(folder, 'own.js'))).rejects.toThrow(here);
    warn.mockRestore();
  });
});
