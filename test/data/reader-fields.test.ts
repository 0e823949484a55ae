import { describe, expect, it } from 'vitest';
import { connect, Entrance } from '../../client/node/connect.js';
import { loadCsv, readRows } from '../../client/node/data/csv.js';
import { loadImageFolder } from '../../client/node/data/image-folder.js';
import { loadTable } from '../../client/node/data/table.js';
import { arrayDataset, subset } from '../../shared/data/dataset.js';
import { learnTable } from '../../shared/data/learn-table.js';
import { splitById } from '../../shared/data/row-ids.js';
import type { TableSchema } from '../../shared/data/table.js';
import { splitForTest } from '../../shared/data/test-share.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { float32, int32 } from '../../shared/ndarray.js';

/** As a JavaScript caller writes them. */
const loose = (options: object) => options as never;
const rows = arrayDataset([float32([4, 1], [1, 2, 3, 4])], [int32([4], [0, 1, 0, 1])]);
const words = [
  ['a', 'y'],
  ['1', '2'],
];
const schema: TableSchema = { columns: [{ name: 'y', kind: 'label' }] };

describe('options of what reads data and opens links', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['learnTable', () => learnTable(words, loose({ lable: 'y' })), /^learnTable\(\): lable .*did you mean label/],
    ['learnTable', () => learnTable(words, loose({ categories: 'a' })), /^learnTable\(\): categories is 'a'.*a list/],
    ['splitForTest', () => splitForTest(rows, 2, loose({ sede: 3 })), /^splitForTest\(\): sede .*did you mean seed/],
    [
      'loadCsv',
      () => loadCsv('x.csv', loose({ labelTyp: 'float32' })),
      /^loadCsv\(\): labelTyp .*did you mean labelType/,
    ],
    ['loadCsv', () => loadCsv('x.csv', { testEvery: 1 }), /^loadCsv\(\): testEvery is 1.*at least 2/],
    [
      'readRows',
      () => readRows('x.csv', loose({ seperator: ';' })),
      /^readRows\(\): seperator .*did you mean separator/,
    ],
    ['loadTable', () => loadTable('x.csv', schema, loose({ tests: 'y' })), /^loadTable\(\): tests .*did you mean test/],
    ['loadImageFolder', () => loadImageFolder('.', loose({ chanels: 1 })), /^loadImageFolder\(\): chanels .*channels/],
    [
      'loadImageFolder',
      () => loadImageFolder('.', loose({ size: 28 })),
      /^loadImageFolder\(\): size is 28.*\[height, width\]/,
    ],
    ['connect', () => connect('ws://127.0.0.1:9', loose({ invit: 'x' })), /^connect\(\): invit .*did you mean invite/],
    ['Entrance', () => Entrance.open(loose({ keys: 'x' })), /^Entrance\.open\(\): keys .*did you mean key/],
    ['chooseEngine', () => chooseEngine('tfjs', loose({ worker: 'never' })), /^chooseEngine\(\): worker .*workers/],
  ])('are refused whole where one is not known or of another kind: %s', async (_what, call, says) => {
    const error = await Promise.resolve()
      .then(call)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'BAD_OPTION' });
    expect((error as { line: string }).line).toMatch(says);
  });
});

describe('rows that there are not', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['fewer ids than rows', () => splitById(rows, ['a', 'b']), /2 ids for 4 rows/],
    ['a row past the end', () => subset(rows, [1, 9]).batch([1]), /no row 9, of 4/],
    ['a row before the first', () => rows.batch([-1]), /no row -1, of 4/],
    ['a part of a row', () => rows.batch([0.5]), /no row 0.5, of 4/],
  ])('are refused, not read as zeros or left out: %s', (_what, call, says) => {
    expect(call).toThrow(expect.objectContaining({ code: 'BAD_DATA', message: expect.stringMatching(says) as string }));
  });
});
