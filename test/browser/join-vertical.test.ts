import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTable } from '../../client/node/data/table.js';
import { join as joinRun } from '../../client/node/join.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import type { RunResult } from '../../server/run/summarise.js';
import { subset, type Dataset } from '../../shared/data/dataset.js';
import type { TableSchema } from '../../shared/data/table.js';
import { Deferred } from '../../shared/deferred.js';
import type { RunEvent } from '../../shared/events.js';
import { adam } from '../../shared/engine/optimizer.js';
import { verticalCut, verticalModel } from '../../shared/model/vertical-model.js';
import { maxAbsDifference, type NdArray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { defineTask } from '../../shared/task.js';
import { folderOf } from '../helpers/temp-files.js';
import { closePages, launchBrowser, skipsBrowser } from './browser-page.js';
import { axeFindings, openJoinPage, says } from './join-world.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const SEED = 60_071;
const ROWS = 43;
const SHOP: TableSchema = {
  columns: [
    { name: 'visits', kind: 'number', mean: 3, deviation: 2 },
    { name: 'town', kind: 'category', values: ['Ulm', 'Bonn'] },
    { name: 'debt', kind: 'number' },
    { name: 'kind', kind: 'label' },
  ],
};
/** The columns of the first party are not in the order of the table, nor in that of its file. */
const parties = [['town', 'visits'], ['debt']];

const { dense } = tf.layers;
const task = defineTask({
  name: 'shop',
  cut: verticalCut(parties.length),
  table: SHOP,
  parties,
  loss: 'softmaxCrossEntropy',
  labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: 2 }],
  metrics: ['accuracy'],
  optimizer: adam(0.02),
  batch: 8,
  epochs: 3,
  model: () =>
    verticalModel({
      inputs: [3, 1],
      fusion: 'concat',
      bottom: (party, input) =>
        dense({ name: `own${party}`, units: 4, activation: 'tanh' }).apply(input) as tf.SymbolicTensor,
      top: (fused) => dense({ name: 'logits', units: 3 }).apply(fused) as tf.SymbolicTensor,
    }),
});

function tables() {
  const rng = createRng('shop', SEED);
  const rows = Array.from({ length: ROWS }, (_, i) => ({ id: `c${i * 7}`, kind: rng.int(3), debt: rng.normal() }));
  const towns = ['Bonn', 'Ulm', 'Bonn'];
  return {
    'visits.csv': ['visits,customer,town', ...rows.map((r) => `${r.kind * 2},${r.id},${towns[r.kind] ?? ''}`)].join(
      '\n',
    ),
    'debt.csv': ['id,kind,debt', ...rows.map((r) => `${r.id},${r.kind},${r.debt}`)].join('\n'),
  };
}

const [VISITS, TOWN, DEBT, KIND] = SHOP.columns;
const schemas = {
  'visits.csv': { columns: [{ name: 'customer', kind: 'id' }, TOWN, VISITS] },
  'debt.csv': { columns: [{ name: 'id', kind: 'id' }, DEBT, KIND] },
} as unknown as Readonly<Record<string, TableSchema>>;

let browser: Browser;
let folder: string;
const servers: RunningServer[] = [];

async function open({
  aligned = true,
  ...more
}: Pick<ServeOptions, 'aligned' | 'onEvent' | 'shareModel' | 'keepServing'> = {}): Promise<RunningServer> {
  const clients = parties.length;
  const run = { topology: 'vertical', clients, batch: 8, epochs: 3, seed: SEED, engine: 'onnx', graceSeconds: 20 };
  const server = await serve({ ...run, task, aligned, ...more });
  server.finished.catch(() => undefined);
  servers.push(server);
  return server;
}

async function inNode({ url }: RunningServer, party: 'active' | number, file: string) {
  const data = await loadTable(join(folder, file), schemas[file] as TableSchema);
  return joinRun(url, { data, party, aligned: true, engine: 'onnx' }).finished;
}

/** The same run, where one party has the rows in another order: a tab that mixed rows up would be seen. */
async function otherRows(): Promise<RunResult> {
  const server = await open();
  const data = await loadTable(join(folder, 'debt.csv'), schemas['debt.csv'] as TableSchema);
  const order = Array.from({ length: data.train.size }, (_, row) => (row + 1) % data.train.size);
  const turned = { ...data, train: subset(data.train, order) };
  const active = joinRun(server.url, { data: turned, party: 'active', aligned: true, engine: 'onnx' });
  await Promise.all([active.finished, inNode(server, 0, 'visits.csv')]);
  return server.finished;
}

/** Holds a party's data back from so many steps on, until it is opened. */
function gate(at: number) {
  let [steps, isOpen] = [0, false];
  const [held, reached] = [new Deferred<void>(), new Deferred<void>()];
  return {
    reached: reached.promise,
    onEvent: ({ kind }: RunEvent) => {
      if (kind === 'step' && ++steps === at) reached.resolve();
    },
    of: (train: Dataset): Dataset => ({
      size: train.size,
      label: (row) => train.label(row),
      batch: async (rows) => {
        if (steps >= at && !isOpen) await held.promise;
        return train.batch(rows);
      },
    }),
    open: () => {
      isOpen = true;
      held.resolve();
    },
  };
}

async function takeAlong(page: Page): Promise<void> {
  await page.click('#own-fetch:enabled');
  await says(page, 'own-status', /^The model is here \([\d.]+ .B\)\. Both files/);
  expect(await page.locator('#predict, #own-answers').filter({ visible: true }).count()).toBe(0);
}

function largestDifference(a: RunResult, b: RunResult): number {
  return Math.max(...a.trained.weights.map((own, i) => maxAbsDifference(own, b.trained.weights[i] as NdArray)));
}

describe.skipIf(skipsBrowser)('a party of a vertical run in a tab', () => {
  beforeAll(async () => {
    [browser, folder] = await Promise.all([launchBrowser('--disable-gpu'), folderOf(tables())]);
  });

  afterAll(async () => {
    await closePages(browser);
    await Promise.all(servers.map((server) => server.close()));
  });

  it.runIf(wholeSuite).each([
    { party: 0, file: 'visits.csv', sent: 'and no labels', other: 'active', others: 'debt.csv' },
    { party: 'active', file: 'debt.csv', sent: 'and the labels', other: 0, others: 'visits.csv' },
  ] as const)('trains as party $party what it trains in Node', async ({ party, file, sent, other, others }) => {
    const alone = await open();
    await Promise.all([inNode(alone, party, file), inNode(alone, other, others)]);
    const expected = await alone.finished;

    const server = await open();
    const beside = inNode(server, other, others);
    const context = await browser.newContext();
    const { page, complaints } = await openJoinPage(context, server.url);
    await says(page, 'place-list', /Party 0: town, visits.*The party with the labels: debt; the kind/);
    // Who is there already is seen while somebody chooses.
    await page.waitForSelector(`#place-list button[value="${other}"]:disabled`);
    expect(await axeFindings(page)).toEqual([]);
    await page.click(`#place-list button[value="${party}"]`);
    await says(page, 'run-facts', party === 'active' ? 'and its kind' : 'and no label');
    await page.check('input[value=files]');
    await page.setInputFiles('#table', join(folder, others));
    await says(page, 'data-trouble', 'BAD_DATA');
    await page.setInputFiles('#table', join(folder, file));
    await page.click('#show-preview:enabled');
    expect(await page.inputValue('#ids')).toBe(party === 0 ? 'customer' : 'id');
    await says(page, 'preview-text', sent);
    expect(await axeFindings(page)).toEqual([]);
    await page.check('#consent:enabled');
    await page.click('#start');
    const [result] = await Promise.all([server.finished, beside]);
    await says(page, 'train-status', 'The run is over');
    expect(complaints).toEqual([]);
    await context.close();

    expect(result.summary.steps).toBe(expected.summary.steps);
    // A tab's engine rounds otherwise than the one of Node.
    expect(largestDifference(result, expected), `seed ${SEED}`).toBeLessThan(1e-5);
    expect(largestDifference(result, await otherRows()), `seed ${SEED}`).toBeGreaterThan(1e-3);
  });

  it.runIf(wholeSuite)('goes on as the same party when it is loaded again in the middle', async () => {
    const undisturbed = await open();
    await Promise.all([inNode(undisturbed, 0, 'visits.csv'), inNode(undisturbed, 'active', 'debt.csv')]);

    const middle = gate(5);
    const server = await open({ onEvent: middle.onEvent, shareModel: true, keepServing: true });
    const context = await browser.newContext();
    const { page } = await openJoinPage(context, server.url);
    await page.click('#place-list button[value="0"]');
    await says(page, 'keeps', 'The server keeps your place for 20 s');
    await page.check('input[value=files]');
    await page.setInputFiles('#table', join(folder, 'visits.csv'));
    await page.click('#show-preview:enabled');
    await page.check('#consent:enabled');
    await page.click('#start');
    await says(page, 'train-status', 'You are in');
    const data = await loadTable(join(folder, 'debt.csv'), schemas['debt.csv'] as TableSchema);
    const held = { ...data, train: middle.of(data.train) };
    const beside = joinRun(server.url, { data: held, party: 'active', aligned: true, engine: 'onnx' }).finished;
    await middle.reached;
    await page.reload();
    await says(page, 'place-status', 'Your place: Party 0: town, visits');
    // A moment later it has gone on, and says so.
    await says(page, 'kept-status', /^Continu(ing this run|ed) at step/);
    middle.open();
    await says(page, 'train-status', 'The run is over');
    const [result] = await Promise.all([server.finished, beside]);
    expect(largestDifference(result, await undisturbed.finished), `seed ${SEED}`).toBeLessThan(1e-5);

    // Here and for who comes later the model can be taken along, and not be asked: it takes what several parties have.
    await takeAlong(page);
    await page.reload();
    await page.click('#try');
    await takeAlong(page);
    await context.close();
  });

  it('is told in one sentence that rows matched by id are not for a page', async () => {
    const server = await open({ aligned: false });
    const context = await browser.newContext();
    const { page } = await openJoinPage(context, server.url);
    await says(page, 'run-status', 'here rows are matched by id');
    await context.close();
  });
});
