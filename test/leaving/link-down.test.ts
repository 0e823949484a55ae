import { beforeAll, describe, expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import { RelayHost } from '../../relay/relay-host.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import type { Transport } from '../../shared/transport/transport.js';
import { aroundCalls } from '../helpers/around-calls.js';
import { Cable } from '../helpers/cable.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const backoff = { firstSeconds: 0.001, capSeconds: 0.002 };
const over = new TandemError('CANCELLED', 'the test is over');

/** Links that are cut on purpose, and cannot be opened again for a while. */
class Links {
  private readonly cables: Cable[] = [];
  private isDown = false;

  constructor(private readonly accept: (transport: Transport) => Promise<void>) {}

  readonly connect = (): Promise<Transport> => {
    if (this.isDown) return Promise.reject(new TandemError('UNREACHABLE', 'nobody answers'));
    const cable = new Cable({ room: 100 });
    this.cables.push(cable);
    void this.accept(cable.ends[1]);
    return Promise.resolve(cable.ends[0]);
  };

  /** What is thrown at once when this is called is thrown without a link: timers come later. */
  mendIn(seconds: number): void {
    if (seconds < Infinity) setTimeout(() => (this.isDown = false), 1000 * seconds);
  }

  cut(): void {
    this.isDown = true;
    this.cables.splice(0).forEach((cable) => cable.cut());
  }
}

interface Failing {
  readonly error: Error;
  readonly downSeconds: number;
  readonly graceSeconds?: number;
  readonly relayed?: boolean;
}

/** Its bottom fails at the third step, when `first` is over. */
function failing(error: Error, first: () => Promise<void>): Engine {
  let steps = 0;
  return aroundCalls(engine, ({ name }) => ({
    before: async () => {
      if (name !== 'forward' || ++steps < 3) return;
      await first();
      throw error;
    },
  }));
}

/** Two clients of whom the first one fails at its third step, after its link, or that of its relay, was cut. */
async function failWithoutLink({ error, downSeconds, graceSeconds = 20, relayed = false }: Failing) {
  const topology = relayed ? 'multi-hop' : 'vanilla';
  const settings = resolveRun(tinyTask, { clients: 2, epochs: 2, seed: 11, topology });
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback', graceSeconds });
  const toServer = new Links((transport) => host.accept(transport));
  const relay = relayed
    ? await RelayHost.open({ connect: toServer.connect, reconnect: { backoff }, graceSeconds, engine })
    : undefined;
  const links = [0, 1].map(() => new Links((transport) => (relay ?? host).accept(transport)));
  const cutFirst = async () => {
    const cutOff = relayed ? toServer : links[0];
    cutOff?.cut();
    // Until both ends have seen it.
    await new Promise((resolve) => setImmediate(resolve));
    cutOff?.mendIn(downSeconds);
  };
  const errors = await Promise.all(
    dealData(tinyData(90, 7), settings).map(async (data, index) => {
      const { connect } = links[index] as Links;
      const place = [index, 2] as const;
      const own = index === 0 ? failing(error, cutFirst) : engine;
      const transport = await connect();
      try {
        for await (const _ of participate({ transport, data, engine: own, place, reconnect: { connect, backoff } }));
      } catch (thrown) {
        return asTandemError(thrown);
      }
      return undefined;
    }),
  );
  const { summary } = await host.finished;
  host.close(over);
  relay?.close(over);
  return { lost: summary.lost, errors };
}

const value = new TandemError('BAD_VALUE', 'the loss of row 7741 is NaN');

describe('a client that fails while its link is down', () => {
  it.each<[string, Failing, RegExp]>([
    ['at once', { error: value, downSeconds: 0.01 }, /^a number is NaN, infinite or out of its range$/],
    ['from a server that is away for a while', { error: value, downSeconds: 0.3 }, /^a number is NaN/],
    [
      'of an error that nobody foresaw',
      { error: new TypeError('7741 of undefined'), downSeconds: 0.02 },
      /^something happened that nobody had foreseen$/,
    ],
    ['behind a relay', { error: value, downSeconds: 0.05, relayed: true }, /client of a relay failed: a number is NaN/],
  ])('tells why when it is back: %s', async (_, about, message) => {
    const { lost, errors } = await failWithoutLink(about);
    const code = about.error === value ? 'BAD_VALUE' : 'INTERNAL';
    expect(errors.map((error) => error?.code)).toEqual([code, undefined]);
    expect(lost).toMatchObject([{ client: 0, code, message: expect.stringMatching(message) as string }]);
    expect(JSON.stringify(lost)).not.toContain('7741');
  });

  it('gives up when the server has given it up, and fails with its own error', async () => {
    const { lost, errors } = await failWithoutLink({ error: value, downSeconds: Infinity, graceSeconds: 0.2 });
    expect(errors[0]).toBe(value);
    expect(lost).toMatchObject([{ client: 0, code: 'LINK_LOST' }]);
  });
});
