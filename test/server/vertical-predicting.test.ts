import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Predictions } from '../../client/predictions.js';
import { join, type JoinOptions } from '../../client/node/join.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { someInputs } from '../../shared/data/party-data.js';
import { subset, type Dataset } from '../../shared/data/dataset.js';
import type { RunEvent } from '../../shared/events.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import { rowsToPredict, verticalData, verticalTask } from '../helpers/vertical-task.js';
import { someOf } from '../helpers/whole-suite.js';
import { helloOf, Stranger } from './stranger.js';

const data = verticalData(21, 5, 4);
const rows = rowsToPredict(20);
const settings = { topology: 'vertical', clients: 4, epochs: 1, seed: 6, engine: 'tfjs', graceSeconds: 0 } as const;
let server: RunningServer | undefined;
let events: RunEvent[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
  events = [];
});

async function start(aligned: boolean): Promise<string> {
  server = await serve({ task: verticalTask(), ...settings, aligned, onEvent: (event) => void events.push(event) });
  server.finished.catch(() => undefined);
  return server.url;
}

interface Own {
  readonly toPredict?: Dataset | undefined;
  readonly ids?: readonly string[];
}

/** A party with its columns; by id where it has ids of its rows to predict. */
function party(
  url: string,
  place: 'active' | number,
  { toPredict = rows, ids }: Own,
  change: Partial<JoinOptions> = {},
) {
  const own = (dataset: Dataset) => someInputs(dataset, place === 'active' ? [] : [place], place === 'active');
  const numbered = (dataset: Dataset) => Array.from({ length: dataset.size }, (_, row) => `n${row}`);
  const { train, test = train } = data;
  const known = { train: own(train), test: own(test), ...(toPredict.size > 0 ? { toPredict: own(toPredict) } : {}) };
  const all = ids && { ids: { train: numbered(train), test: numbered(test), toPredict: ids } };
  return join(url, { data: { ...known, ...all }, party: place, aligned: ids === undefined, engine: 'tfjs', ...change });
}

const none = { toPredict: subset(rows, []) };
const told: Predictions[] = [];
const asking = { onPredictions: (predictions: Predictions) => void told.push(predictions) };

describe('rows to predict', () => {
  it('that a party cannot read any more cost their predictions, and not the run', async () => {
    const url = await start(true);
    const broken: Dataset = {
      ...rows,
      batch: (wanted) => {
        if (wanted[0] === 7) throw new Error('the disk is gone');
        return rows.batch(wanted);
      },
      inMemory: false,
    };
    told.length = 0;
    const passive = [0, 2].map((place) => party(url, place, {}));
    const failing = expect(party(url, 1, { toPredict: broken }).finished).rejects.toMatchObject({ code: 'BAD_DATA' });
    await party(url, 'active', {}, asking).finished;
    await Promise.all([failing, ...passive.map(({ finished }) => finished)]);
    expect((await server?.finished)?.summary).toMatchObject({ steps: 3, lost: [{ client: 1, code: 'BAD_DATA' }] });
    expect(events.filter(({ kind }) => kind === 'predicted')).toEqual([{ kind: 'predicted', rows: 7, of: 20 }]);
    expect(told).toMatchObject([{ given: 20, common: 20 }]);
    expect([...(told[0]?.rows ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  const others: readonly [string, Own, RegExp][] = [
    ['fewer', { toPredict: subset(rows, [3, 5]) }, /party 1 has 2 rows to predict, the others 20/],
    ['none', none, /party 1 has 0 rows to predict, the others 20/],
  ];

  it.each(someOf(others, 1))(
    'of which a party has %s are refused before training, and the others wait for another',
    async (_what, own, message) => {
      const url = await start(true);
      told.length = 0;
      const others = [party(url, 0, {}), party(url, 2, {}), party(url, 'active', {}, asking)];
      await expect(party(url, 1, own).finished).rejects.toMatchObject({ code: 'BAD_DATA', message });
      await Promise.all([party(url, 1, {}), ...others].map(({ finished }) => finished));
      expect(told[0]?.rows).toHaveLength(20);
    },
  );

  it('of which none is common to all are refused before training', async () => {
    const url = await start(false);
    const ids = (first: number) => ({ ids: Array.from({ length: 20 }, (_, i) => `p${first + i}`) });
    const parties = [party(url, 0, ids(0)), party(url, 1, ids(20)), party(url, 2, ids(0))];
    const all = [...parties, party(url, 'active', ids(0), asking)].map(({ finished }) => finished);
    const refusals = (await Promise.allSettled(all)).map((each) =>
      each.status === 'rejected' ? String(each.reason) : '',
    );
    expect(refusals.join()).toMatch(
      /none of the 20 rows to predict is one of which all parties have given their columns/,
    );
    expect(events.filter(({ kind }) => kind === 'step')).toEqual([]);
  });

  it('are not sent to a server that does not know them', async () => {
    const send = Object.getOwnPropertyDescriptor(LastingLink.prototype, 'send')?.value as LastingLink['send'];
    vi.spyOn(LastingLink.prototype, 'send').mockImplementation(function (this: LastingLink, message: Message) {
      send.call(this, message.type === 'hello' ? { ...message, capabilities: [] } : message);
    });
    const url = await start(true);
    const message = /has an older Tandem/;
    await expect(party(url, 0, {}).finished).rejects.toMatchObject({ code: 'BAD_OPTION', message });
    // Without them it trains as before.
    await Promise.all(([0, 1, 2, 'active'] as const).map((place) => party(url, place, none).finished));
  });

  const wrong: readonly [string, Partial<Message<'query'>>, string][] = [
    ['sends labels with them', { labels: [int32([7], [0, 1, 2, 0, 1, 2, 0])] }, 'BAD_LABEL'],
    ['sends values that are none', { tensors: [float32([7, 4], Array<number>(28).fill(NaN))] }, 'BAD_VALUE'],
    ['asks about more than it said', { tensors: [float32([7, 4], Array<number>(28).fill(1))], id: 3 }, 'BAD_SHAPE'],
  ];

  it.each(someOf(wrong, 1))('a party that %s is refused, and the others end well', async (_what, change, code) => {
    const url = await start(true);
    told.length = 0;
    const passive = [1, 2].map((place) => party(url, place, {}).finished);
    const active = party(url, 'active', {}, asking).finished;
    const stranger = await Stranger.connect(url);
    stranger.send(helloOf('train', { party: '0', capabilities: ['predictions'] }));
    const features = (count: number) => [
      float32(
        [count, 4],
        Array.from({ length: 4 * count }, (_, i) => Math.sin(i)),
      ),
    ];
    await stranger.receive('model');
    const ready = { type: 'ready', samples: 21, testSamples: 4, toPredict: 20 } as const;
    stranger.send(encodeMessage(ready, { offered: ['predictions'], agreed: ['predictions'] }));
    const { payload, round } = await stranger.receive('bottom');
    await stranger.receive('joint');
    for (const step of [1, 2, 3]) {
      stranger.send({ type: 'smashed', step, tensors: features(7), labels: [] });
      await stranger.receive('cutGradient');
    }
    stranger.send({ type: 'bottom', round, updates: null, payload });
    const test = await stranger.receive('evaluate');
    stranger.send({ type: 'query', id: 0, tensors: features(4), labels: [] });
    await stranger.receive('prediction');
    stranger.send({ type: 'evaluated', round: test.round, loss: null, sums: [], confusion: [] });
    expect((await stranger.receive('evaluate')).toPredict).toBe(true);
    const query = { type: 'query', id: 0, tensors: features(7), labels: [] } as const;
    stranger.send({ ...query, ...change });
    expect((await stranger.ending).error).toBe(code);
    await Promise.all([active, ...passive]);
    expect(told).toMatchObject([{ common: 20, outputs: [] }]);
    expect((await server?.finished)?.summary.steps).toBe(3);
  });
});
