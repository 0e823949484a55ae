import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { buildSegments } from '../../shared/model/build.js';
import { openModel } from '../../shared/model/open-model.js';
import { tinyTask } from '../helpers/tiny-task.js';

const { specs } = await buildSegments(tinyTask, 3);
const [spec] = specs;

it.each([
  ['units of a dense layer', /"units":\d+/g, '"units":2000000000', /which its definition does not list/],
  ['a few more units than are listed', /"units":\d+/g, '"units":900000', /which its definition does not list/],
])('a model with %s is refused before it takes memory', async (_, from, to, says) => {
  if (!spec) throw new Error('there is no bottom');
  const before = process.memoryUsage().rss;
  const opened = openModel({ ...spec, topology: spec.topology.replace(from, to) });
  await expect(opened).rejects.toMatchObject({ code: 'BAD_MODEL', message: expect.stringMatching(says) as unknown });
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
});

it('a layer that makes a billion values of a sample is refused, and whatever is honest is opened', async () => {
  if (!spec) throw new Error('there is no bottom');
  const wide = tf.sequential({ layers: [tf.layers.repeatVector({ n: 1_000_000_000, inputShape: [4] })] });
  const opened = openModel({ ...spec, topology: JSON.stringify(wide.toJSON(null, false)), weights: [] });
  await expect(opened).rejects.toMatchObject({ code: 'BAD_MODEL' });
  expect((await openModel(spec)).layers.length).toBeGreaterThan(1);
});

it.each(['\u001b[2J', 'hidden\n[12:00:00] INFO: the run is over', '\u202egnirts', 'a\u2028b'])(
  'a layer is not named %j: tfjs would write that to the terminal when it warns',
  async (name) => {
    if (!spec) throw new Error('there is no bottom');
    const topology = spec.topology.replaceAll('"hidden"', JSON.stringify(name));
    expect(topology).not.toBe(spec.topology);
    const refusal = {
      code: 'BAD_MODEL',
      message: expect.stringContaining('in whose name something cannot be seen') as unknown,
    };
    await expect(openModel({ ...spec, topology })).rejects.toMatchObject(refusal);
  },
);

/** The layers of a model's JSON, in the order in which they are written. */
interface Written {
  readonly config: { layers: { name: string; inbound_nodes: [string, number, number, object][][] }[] };
}

describe('a model whose layers wait for each other', () => {
  const branched = (): Written => {
    const input = tf.input({ shape: [4] });
    const shared = tf.layers.dense({ units: 3, name: 'shared' });
    const [left, right] = [shared.apply(input), shared.apply(tf.layers.dense({ units: 4, name: 'own' }).apply(input))];
    const outputs = tf.layers.add({ name: 'sum' }).apply([left, right] as tf.SymbolicTensor[]) as tf.SymbolicTensor;
    return JSON.parse(JSON.stringify(tf.model({ inputs: input, outputs }).toJSON(null, false))) as Written;
  };
  const open = (topology: unknown) => {
    if (!spec) throw new Error('there is no bottom');
    const weights = [[4, 3], [3], [4, 4], [4]].map((shape) => ({ ...spec.weights[0], shape })) as typeof spec.weights;
    return openModel({ ...spec, topology: JSON.stringify(topology), weights });
  };
  const nodesOf = ({ config }: Written, name: string) =>
    config.layers.find((one) => one.name === name)?.inbound_nodes ?? [];

  it.each<[string, (model: Written) => void]>([
    ['for one that there is not', (model) => void Object.assign(nodesOf(model, 'own')[0]?.[0] ?? [], ['toString'])],
    ['in a ring', (model) => void Object.assign(nodesOf(model, 'own')[0]?.[0] ?? [], ['sum'])],
    [
      'for a call that does not come',
      (model) => void Object.assign(nodesOf(model, 'sum')[0]?.[1] ?? [], ['shared', 2]),
    ],
    [
      'for itself, as if it were a model,',
      (model) => {
        Object.assign(nodesOf(model, 'own')[0]?.[0] ?? [], ['own', 0]);
        const own = model.config.layers.find(({ name }) => name === 'own');
        Object.assign((own as unknown as { config: object }).config, { layers: [] });
      },
    ],
    ['for itself', (model) => void Object.assign(nodesOf(model, 'shared')[1]?.[0] ?? [], ['shared', 1])],
  ])('%s is refused', async (_, spoil) => {
    const model = branched();
    spoil(model);
    const refused = { code: 'BAD_MODEL', message: expect.stringMatching(/whose input never comes/) as unknown };
    await expect(open(model)).rejects.toMatchObject(refused);
    // So it is where that is within another model.
    const around = { class_name: 'Sequential', config: { name: 'around', layers: [model] } };
    await expect(open(around)).rejects.toMatchObject(refused);
  });

  it('by two names, or twice by one, is refused', async () => {
    const model = branched();
    const [first] = model.config.layers;
    if (first) model.config.layers.push(first);
    await expect(open(model)).rejects.toMatchObject({ code: 'BAD_MODEL' });
  });

  it('in one of two spellings is refused', async () => {
    const model = branched();
    Object.assign(model.config.layers.at(-1) ?? {}, { inboundNodes: [] });
    await expect(open(model)).rejects.toMatchObject({ code: 'BAD_MODEL' });
  });

  it('and come, in any order and called twice, is opened', async () => {
    const model = branched();
    model.config.layers.reverse();
    expect((await open(model)).layers).toHaveLength(4);
  });
});
