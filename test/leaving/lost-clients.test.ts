import { beforeAll, describe, expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { RelayHost } from '../../relay/relay-host.js';
import type { RunResult } from '../../server/run/summarise.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { arrayDataset, subset, type Batch, type ClientData } from '../../shared/data/dataset.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import { sayDeparture, type RunEvent } from '../../shared/events.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { simulate } from '../../simulator/simulate.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { aroundCalls } from '../helpers/around-calls.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';
import { gather, withBadRow } from './leaving-world.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const options = { clients: 3, epochs: 3, seed: 11, engine: 'tfjs' };
const data = tinyData(90, 7);
const part = (index: number) => dealData(data, resolveRun(tinyTask, options))[index] ?? data;
/** All words and whole numbers in what was told; a time or a hash may have any digits. */
function toldIn(told: unknown): string {
  const isChance = (key: string, value: unknown) =>
    key.endsWith('Hash') || (typeof value === 'number' && value % 1 !== 0);
  return JSON.stringify(told, (key, value: unknown) => (isChance(key, value) ? undefined : value));
}

const values = ({ inputs, labels }: Batch) => [...inputs, ...labels].map(({ data: all }) => all);

/** How a client's row can be wrong, and what of it may be told elsewhere. */
const wrongs: Record<string, { spoil: (batch: Batch, at: number) => void; code: string; told: string; here: RegExp }> =
  {
    'a label that the task does not have': {
      spoil: (batch, at) => values(batch)[1]?.set([7741], at),
      code: 'BAD_LABEL',
      told: "a label is out of the task's range, row 17 of its data (from 0)",
      here: /label 'kind' of sample \d+ is 7741, allowed are 0 to 2 \(row 17 of the training data, from 0\)/,
    },
    'a feature that is no number': {
      spoil: (batch, at) => values(batch)[0]?.set([-Infinity], 4 * at + 2),
      code: 'BAD_VALUE',
      told: 'a number is NaN, infinite or out of its range, row 17 of its data (from 0)',
      here: /holds -Infinity at \d+ \(row 17 of the training data, from 0\)/,
    },
    'a row that cannot be read': {
      spoil: () => {
        throw new Error('the scan of Mr 7741\nis torn');
      },
      code: 'BAD_DATA',
      told: 'the data cannot be read as the task needs them',
      here: /the training data could not be read: the scan of Mr 7741 is torn/,
    },
    'a batch whose arrays cannot be had': {
      spoil: (batch) => void Object.defineProperty(batch, 'inputs', { get: () => (null as unknown as number[])[7741] }),
      code: 'BAD_DATA',
      told: 'the data cannot be read as the task needs them',
      here: /the training data could not be read: .*7741/,
    },
  };

describe.each(['splitfed-v2', 'fedavg', 'local-loss'])('a client of %s whose data are wrong', (schedule) => {
  it.each(Object.entries(wrongs))('%s: is not one that left', async (_, { spoil, code, told, here }) => {
    const replaced = new Map([[1, withBadRow(part(1), 17, spoil)]]);
    const { outcome, events, errors } = await gather({
      task: tinyTask,
      options: { ...options, schedule },
      engine,
      data,
      replaced,
    });
    // It knows all about it.
    expect(errors.get(1)).toMatchObject({ code, message: expect.stringMatching(here) as string });
    // The run ended well, and says without whom.
    const { summary } = outcome as RunResult;
    const step = events.filter((event) => event.kind === 'step' && event.client === 1).length;
    expect(summary.lost).toEqual([{ client: 1, code, message: told, step }]);
    const left = events.flatMap((event) => (event.kind === 'client-left' ? [sayDeparture(event)] : []));
    expect(left).toEqual([`was lost: ${told} (${code})`]);
    // What is in its data stays there.
    expect(toldIn([summary, events])).not.toMatch(/7741|Infinity/);
    expect([...errors.keys()]).toEqual([1]);
  });
});

describe('who is lost, and who is not', () => {
  it('a client with an error that nobody foresaw is, and only it knows what that was', async () => {
    const broken = aroundCalls(engine, ({ name, index, stream }) =>
      name === 'forward' && index === 0 && stream === 1
        ? { before: () => void (null as unknown as number[])[7741] }
        : undefined,
    );
    const { outcome, errors } = await gather({ task: tinyTask, options, engine: broken, data });
    const told = 'something happened that nobody had foreseen';
    expect(errors.get(1)).toMatchObject({ code: 'INTERNAL', message: expect.stringMatching(/7741/) as string });
    expect((outcome as RunResult).summary.lost).toEqual([{ client: 1, code: 'INTERNAL', message: told, step: 0 }]);
  });

  it('a client that leaves on purpose is not lost', async () => {
    const settings = resolveRun(tinyTask, options);
    const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback' });
    const clients = dealData(data, settings).map(async (own, index) => {
      const [transport, server] = loopbackPair();
      void host.accept(server);
      for await (const _ of participate({ transport, data: own, engine, place: [index, 3] })) if (index === 2) return;
    });
    await Promise.all(clients);
    expect((await host.finished).summary.lost).toEqual([]);
    host.close(new TandemError('CANCELLED', 'the test is over'));
  });

  it('one whose link is lost is, and the error of a run without anybody says what became of them', async () => {
    const events: RunEvent[] = [];
    const settings = resolveRun(tinyTask, { ...options, clients: 1 });
    const onEvent = (event: RunEvent) => void events.push(event);
    const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', onEvent });
    const [transport, server] = loopbackPair();
    void host.accept(server);
    const steps = participate({ transport, data, engine, place: [0, 1] });
    await steps.next();
    await steps.next();
    transport.close();
    await expect(host.finished).rejects.toMatchObject({
      code: 'NO_CLIENTS',
      message: expect.stringMatching(/after \d+ steps; client 0: the link was lost \(LINK_LOST\)/) as string,
    });
    await expect(steps.next()).rejects.toThrow(TandemError);
  });

  it('a party of a vertical run that fails is named', async () => {
    const task = verticalTask();
    const wide = verticalData();
    const [first] = dealToAll(wide);
    if (!first) throw new Error('there is no party');
    const bad = withBadRow(first, 31, (batch, at) => values(batch)[0]?.set([NaN], 3 * at));
    const settings = resolveRun(task, {
      ...options,
      topology: 'vertical',
      aligned: true,
      missing: 'zero',
      deadlineSeconds: 60,
      schedule: 'joint',
    });
    const host = await createHost({ task, settings, engine, transport: 'loopback' });
    const parties = dealToAll(wide).map(async (own, index) => {
      const [transport, server] = loopbackPair();
      void host.accept(server);
      const party = index === 2 ? ('active' as const) : index;
      try {
        const used = index === 0 ? bad : own;
        for await (const _ of participate({ transport, data: used, engine, party, aligned: true }));
      } catch (error) {
        return error;
      }
      return undefined;
    });
    const ended = await Promise.all(parties);
    expect(ended[0]).toMatchObject({ code: 'BAD_VALUE', row: 31 });
    const { summary } = await host.finished;
    expect(summary.lost).toMatchObject([{ client: 0, code: 'BAD_VALUE' }]);
    expect(summary.lost[0]?.message).toMatch(/row 31 of its data/);
    host.close(new TandemError('CANCELLED', 'the test is over'));
  });

  it('a client of a relay that fails is told of above, and one that leaves is not', async () => {
    let relay: RelayHost | undefined;
    const relayEvents: RunEvent[] = [];
    const spoil = (batch: Batch, at: number) => void values(batch)[1]?.set([7741], at);
    const { outcome, events } = await gather({
      task: tinyTask,
      options: { ...options, topology: 'multi-hop' },
      engine,
      data,
      replaced: new Map([[0, withBadRow(part(0), 3, spoil)]]),
      through: async (accept) => {
        const host = (relay = await RelayHost.open({
          connect: async () => {
            const [below, above] = loopbackPair();
            void accept(above);
            return below;
          },
          engine,
          onEvent: (event) => void relayEvents.push(event),
        }));
        return (transport) => void host.accept(transport);
      },
    });
    relay?.close(new TandemError('CANCELLED', 'the test is over'));
    const message = expect.stringMatching(/client of a relay failed: a label .* row 3 of its data/) as string;
    expect((outcome as RunResult).summary.lost).toMatchObject([{ client: 0, code: 'BAD_LABEL', message }]);
    expect((await relay?.finished)?.lost).toMatchObject([{ client: 0, code: 'BAD_LABEL' }]);
    expect(toldIn([events, relayEvents])).not.toContain('7741');
  });
});

function dealToAll({ train, test }: ClientData): ClientData[] {
  const only = (party: number) => (batch: Batch) => ({
    inputs: batch.inputs.slice(party, party + 1),
    labels: party === 2 ? batch.labels : [],
  });
  const columns = (whole: typeof train, party: number) => ({
    size: whole.size,
    label: (row: number) => whole.label(row),
    batch: async (rows: ArrayLike<number>) => only(party)(await whole.batch(rows)),
  });
  return [0, 1, 2].map((party) => ({
    train: columns(train, party),
    ...(test ? { test: columns(test, party) } : {}),
  }));
}

describe('data in memory', () => {
  const kinds = (bad: number) =>
    int32(
      [40],
      Array.from({ length: 40 }, (_, i) => (i === bad ? 5 : i % 3)),
    );
  const features = float32([40, 4], Array<number>(160).fill(0.25));

  it.each([3, 39])('are found wrong before anybody takes a step, in row %i', async (bad) => {
    const all = arrayDataset([features], [kinds(bad)]);
    const rows = [...Array(40).keys()];
    const data = { train: subset(all, rows.slice(0, 32)), test: subset(all, rows.slice(32)) };
    const { errors, events } = await gatherUntilFirstError(data);
    const [which, row] = bad > 31 ? ['test', 39] : ['training', 3];
    expect(errors).toMatchObject({ code: 'BAD_LABEL', row });
    expect(errors.message).toContain(`row ${row} of the ${which} data`);
    expect(events.filter(({ kind }) => kind === 'step' || kind === 'round-started')).toEqual([]);
  });

  it('that somebody else has are not looked at', async () => {
    const all = arrayDataset([features], [kinds(7)]);
    const train = subset(
      all,
      [0, 1, 2, 3, 4, 5, 6, 8].map((row) => row),
    );
    const { summary } = await simulate({ task: tinyTask, data: { train }, ...options, clients: 1 });
    expect(summary.lost).toEqual([]);
  });

  async function gatherUntilFirstError(own: ClientData) {
    const events: RunEvent[] = [];
    const settings = resolveRun(tinyTask, { ...options, clients: 2 });
    const onEvent = (event: RunEvent) => void events.push(event);
    const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', onEvent });
    const [transport, server] = loopbackPair();
    void host.accept(server);
    const failed = participate({ transport, data: own, engine, place: [0, 2] }).next();
    const error = await failed.then(
      () => new TandemError('INTERNAL', 'nothing was found'),
      (thrown: unknown) => thrown as TandemError,
    );
    host.close(new TandemError('CANCELLED', 'the test is over'));
    return { errors: error, events };
  }
});

describe('a simulation whose own data are wrong', () => {
  const bad = (spoil: (batch: Batch, at: number) => void) => withBadRow(data, 50, spoil);

  it.each([
    ['splitfed-v1', 'websocket'],
    ['sequential', 'loopback'],
    ['fedavg', 'loopback'],
  ] as const)('is rejected in %s over %s, in the middle of it too', async (schedule, transport) => {
    const spoil = wrongs['a label that the task does not have']?.spoil ?? (() => undefined);
    const running = simulate({ task: tinyTask, data: bad(spoil), ...options, schedule, transport });
    await expect(running).rejects.toMatchObject({
      code: 'BAD_LABEL',
      row: 50,
      message: expect.stringMatching(/^client \d: label 'kind' .* is 7741/) as string,
    });
  });

  it('is rejected with the error of its own data set', async () => {
    const spoil = () => {
      throw new Error('no such picture');
    };
    const running = simulate({ task: tinyTask, data: bad(spoil), ...options, transport: 'loopback' });
    await expect(running).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining('no such picture') as string,
      cause: new Error('no such picture'),
    });
  });
});
