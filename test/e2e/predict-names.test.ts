import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { serve } from '../../server/serve.js';
import type { TableSchema } from '../../shared/data/table.js';
import { encodeTable } from '../../shared/data/encode-table.js';
import { adam } from '../../shared/engine/optimizer.js';
import { defineTask } from '../../shared/task.js';
import { lastLine, runCommand } from '../helpers/run-cli.js';
import { folderOf } from '../helpers/temp-files.js';

const schemaOf = (classes: string[], columns = ['length', 'weight']): TableSchema => ({
  columns: [...columns.map((name) => ({ name, kind: 'number' as const })), { name: 'kind', kind: 'label', classes }],
});
/** Ants are short, cats longer, yaks the longest and heavy. */
const sizes: Readonly<Record<string, [number, number]>> = { ant: [0, 0], cat: [2, 0], yak: [4, 3] };
const table = (kinds: string[]) => [
  ['length', 'weight', 'kind'],
  ...Array.from({ length: 60 }, (_, i) => {
    const kind = kinds[i % kinds.length] ?? '';
    const [length, weight] = sizes[kind] ?? [9, 9];
    return [String(length + (i % 5) / 10), String(weight), kind];
  }),
];
const csv = (rows: string[][], order = [0, 1, 2]) => rows.map((row) => order.map((i) => row[i]).join(',')).join('\n');

const task = defineTask({
  name: 'animals',
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ name: 'hidden', units: 8, activation: 'relu', inputShape: [2] }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
  cut: 'hidden',
  loss: 'softmaxCrossEntropy',
  optimizer: adam(0.05),
  labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: 2 }],
  metrics: ['accuracy'],
  table: schemaOf(['ant', 'cat', 'yak']),
  batch: 20,
  epochs: 40,
});

describe('tandem predict', () => {
  it('maps classes and columns to those of the run by their names, or refuses with both lists', async () => {
    const server = await serve({ task, clients: 1, keepServing: true, dashboard: false });
    try {
      const train = encodeTable(schemaOf(['ant', 'cat', 'yak']), table(['ant', 'cat', 'yak']), 'all');
      for await (const _ of join(server.url, { data: { train } }));
      await server.finished;
      const folder = await folderOf({
        'fewer.csv': csv(table(['yak', 'cat']), [1, 0, 2]),
        'fewer.schema.json': JSON.stringify(schemaOf(['cat', 'yak'], ['weight', 'length'])),
        'other.csv': csv(table(['ant', 'dog'])),
        'other.schema.json': JSON.stringify(schemaOf(['ant', 'dog'])),
      });
      const mapped = await runCommand('predict', server.url, '--data', `${folder}/fewer.csv`, '--json');
      expect(mapped.stderr).not.toContain('BAD_');
      expect(lastLine(mapped.stdout)).toMatchObject({ accuracy: 1 });
      const refused = await runCommand('predict', server.url, '--data', `${folder}/other.csv`);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/classes 'ant' and 'dog'|ant.*dog.*ant.*cat.*yak/);
    } finally {
      await server.close();
    }
  });
});
