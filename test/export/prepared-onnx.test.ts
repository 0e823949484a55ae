import * as tf from '@tensorflow/tfjs';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readAsked } from '../../client/node/own/asked-data.js';
import { findSource } from '../../client/node/own/find-source.js';
import { lookAt } from '../../client/node/own/own-data.js';
import { askModel } from '../../cli/own/ask-model.js';
import { loadRuntime, type OnnxRuntime } from '../../shared/engine/onnx/runtime.js';
import { useBestBackend } from '../../shared/engine/tfjs/backend.js';
import { checkedPrepared } from '../../shared/export/check-prepared.js';
import type { Chances } from '../../shared/model/chances.js';
import { answerOf } from '../../shared/preparation/answer.js';
import { folderOf } from '../helpers/temp-files.js';
import { arrayFiles, npyOf, pictureFiles, soundFiles } from '../helpers/own-files.js';
import { mixedTable, pricesTable, salesTable } from '../helpers/own-tables.js';

let runtime: OnnxRuntime;
beforeAll(async () => {
  runtime = await loadRuntime({ kind: 'native' });
  await useBestBackend();
});

const written: string[] = [];

/** Trained by nobody: what is before and after the layers does not depend on their weights. */
function network(shape: readonly number[], outputs: number): tf.LayersModel {
  const layers = [
    tf.layers.reshape({ inputShape: [...shape], targetShape: [shape.reduce((size, length) => size * length, 1)] }),
    tf.layers.dense({ units: 12, activation: 'tanh' }),
    tf.layers.dense({ units: outputs }),
  ];
  return tf.sequential({ layers });
}

/** Cells as people leave them: other words than were learned, gaps of all kinds, numbers far away. */
function oddTable(rows: number): string {
  const lines = mixedTable(rows).trim().split('\n');
  return [
    ...lines,
    '2001,,"Bath, North",York,high',
    '2002,?,?,?,low',
    '2003,1e6,pilot,Oslo,',
    '2004,-3.25,, York ,low',
  ].join('\n');
}

describe('a model with its preparation as an .onnx file', () => {
  it.each<[string, Record<string, string | Uint8Array>, string[], object, Chances | null]>([
    [
      'words, numbers and gaps',
      { 'd.csv': mixedTable(80), 'odd.csv': oddTable(20) },
      ['d.csv', 'odd.csv'],
      {},
      'Softmax',
    ],
    ['a price', { 'd.csv': pricesTable(80) }, ['d.csv'], { label: 'price' }, null],
    ['yes or no', { 'd.csv': mixedTable(40) }, ['d.csv'], {}, 'Sigmoid'],
    ['dates, times and marked numbers', { 'd.csv': salesTable(60) }, ['d.csv'], {}, 'Softmax'],
    ['pictures of several sizes', pictureFiles(5), ['.'], { size: [20, 14] }, 'Softmax'],
    ['sounds', soundFiles(5), ['.'], {}, 'Softmax'],
    ['arrays', arrayFiles(40), ['x.npy,y.npy'], {}, 'Softmax'],
    ['bytes of pictures', npyOf('uint8', [30, 9, 11, 3]), ['x.npy,y.npy'], {}, 'Softmax'],
  ])(
    'takes %s as they lie, and gives words or units',
    async (name, files, [data = '', other = data], options, chances) => {
      const folder = await folderOf(files);
      const source = async (path: string) =>
        findSource(
          path
            .split(',')
            .map((each) => join(folder, each))
            .join(','),
        );
      const {
        preparation,
        data: { train },
      } = await lookAt(await source(data), options);
      const asked = await readAsked(await source(other), preparation);
      const places = [...Array(asked.size).keys()];
      const rows = await Promise.all(
        places.map(async (row) => ({ raw: await asked.raw(row), inputs: await asked.inputs([row]) })),
      );
      const answer = answerOf(preparation);
      const outputs = answer.kind === 'number' || chances === 'Sigmoid' ? 1 : answer.classes.length;
      const model = network((await train.batch([0])).inputs[0]?.shape.slice(1) ?? [], outputs);
      const file = await checkedPrepared(runtime, model, { preparation, chances }, rows, askModel);
      model.dispose();
      expect(file.distance).toBeLessThan(1e-5);
      expect(file.compared).toBe(asked.size);
      expect(file.anyBatch).toBe(true);
      expect(file.outputs.map((output) => output.name)).toEqual(
        answer.kind === 'number' ? ['prediction'] : ['label', 'probabilities'],
      );
      const path = join(folder, 'model.onnx');
      await writeFile(path, file.bytes);
      written.push(path);
      expect(name).not.toBe('');
    },
  );

  it('answers several rows at once, with the words of their classes', async () => {
    const folder = await folderOf({ 'd.csv': mixedTable(40).replace(/^id,age/, 'id,label') });
    const { preparation } = await lookAt(await findSource(join(folder, 'd.csv')), {});
    const asked = await readAsked(await findSource(join(folder, 'd.csv')), preparation);
    const rows = [{ raw: await asked.raw(0), inputs: await asked.inputs([0]) }];
    const model = network([(await asked.inputs([0]))[0]?.shape[1] ?? 0], 2);
    const file = await checkedPrepared(runtime, model, { preparation, chances: 'Softmax' }, rows, askModel);
    model.dispose();
    const session = await runtime.open(file.bytes);
    const { Tensor } = runtime;
    const found = await session.run({
      label: new Tensor('float64', Float64Array.of(20, NaN, 70), [3]),
      work: new Tensor('string', ['clerk', '', 'owner'], [3]),
      town: new Tensor('string', ['York', 'York', 'nowhere'], [3]),
    });
    const chances = found.probabilities?.data as Float32Array;
    const words = [0, 1, 2].map((row) => ((chances[2 * row] ?? 0) >= (chances[2 * row + 1] ?? 0) ? 'high' : 'low'));
    // A column has that name already.
    expect(found.label_out?.data).toEqual(words);
    await session.release();
  });

  it('passes the checker of ONNX (python3-onnx)', (context) => {
    const check =
      'import sys, onnx\nfor f in sys.argv[1:]: onnx.checker.check_model(onnx.load(f), full_check=True)\nprint("ok")';
    try {
      execFileSync('/usr/bin/python3', ['-c', 'import onnx'], { stdio: 'ignore' });
    } catch {
      return context.skip();
    }
    expect(written).toHaveLength(8);
    expect(execFileSync('/usr/bin/python3', ['-c', check, ...written], { encoding: 'utf8' }).trim()).toBe('ok');
  });
});
