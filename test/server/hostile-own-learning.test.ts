import { describe, expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { RunSummary } from '../../shared/events.js';
import { float32, int32 } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { helloOf, Stranger, type Ending } from './stranger.js';

const trained = (step: number, change: Partial<Message<'trained'>> = {}): Message<'trained'> => {
  return { type: 'trained', step, samples: 7, loss: 0.7, ...change };
};
const smashed = (step: number, change: Partial<Message<'smashed'>> = {}): Message<'smashed'> => {
  const values = Array.from({ length: 15 }, (_, i) => (i % 7) * 0.3 + step);
  return { type: 'smashed', step, tensors: [float32([3, 5], values)], labels: [int32([3], [2, 0, 1])], ...change };
};

/** A run whose smashed data travel once. */
const POOLED = 'local-loss with a pool';

async function serveTiny(schedule: string, clients: number): Promise<RunningServer> {
  const pooled = schedule === POOLED ? { schedule: 'local-loss', pool: 2 } : { schedule };
  return serve({ task: tinyTask, clients, seed: 5, epochs: 1, ...pooled, loadedEngine: await chooseEngine('tfjs') });
}

async function trainHonestly({ url }: RunningServer, place: readonly [number, number]): Promise<void> {
  const engine = await chooseEngine('tfjs');
  for await (const _ of participate({ transport: await connect(url), data: tinyData(41), engine, place }));
}

/** Joins as the second of two with 14 samples, is told to train two steps, and does what it likes. */
async function disturbed(
  schedule: string,
  attack: (stranger: Stranger, given: Message<'bottom'>) => Promise<unknown> | void,
): Promise<{ summary: RunSummary; ending: Ending }> {
  const server = await serveTiny(schedule, 2);
  const honest = trainHonestly(server, [0, 2]);
  const stranger = await Stranger.connect(server.url);
  stranger.send(helloOf('train', { shard: [1, 2], capabilities: ['pool'] }), {
    type: 'ready',
    samples: 14,
    testSamples: 0,
  });
  const given = await stranger.receive('bottom');
  await stranger.receive('train');
  await attack(stranger, given);
  const [{ summary }, ending] = await Promise.all([server.finished, stranger.ending, honest]);
  return { summary, ending };
}

const query: Message<'query'> = { type: 'query', id: 3, tensors: smashed(1).tensors, labels: [] };
const attacks: Record<string, readonly [string, Message[], string, number]> = {
  'a loss that is NaN': ['fedavg', [trained(1, { loss: NaN })], 'BAD_VALUE', 4405],
  'an infinite loss': ['fedavg', [trained(1, { loss: -Infinity })], 'BAD_VALUE', 4405],
  'more samples than a batch has': ['fedavg', [trained(1, { samples: 8 })], 'BAD_SHAPE', 4404],
  'smashed data where there is no cut': ['fedavg', [smashed(1)], 'BAD_STATE', 4403],
  'a query where there is no cut': ['fedavg', [query], 'BAD_STATE', 4403],
  'an answer to no release': ['fedavg', [{ type: 'released' }], 'BAD_STATE', 4403],
  'a step done where there is a cut': ['local-loss', [trained(1)], 'BAD_STATE', 4403],
  'smashed data while it is to learn by itself': [POOLED, [smashed(1)], 'BAD_STATE', 4403],
  'a loss that is NaN, before it sends anything': [POOLED, [trained(1, { loss: NaN })], 'BAD_VALUE', 4405],
  'no labels': ['local-loss', [smashed(1, { labels: [] })], 'BAD_LABEL', 4406],
};

describe('a member of a run whose clients learn by themselves', () => {
  it.each(Object.entries(attacks))('with %s is refused, and the run is as if it had never been', async (_, attack) => {
    const [schedule, messages, error, status] = attack;
    const alone = await serveTiny(schedule, 1);
    await trainHonestly(alone, [0, 1]);
    const { summary: reference } = await alone.finished;
    const { summary, ending } = await disturbed(schedule, (stranger) => void stranger.send(...messages));
    expect(ending).toEqual({ error, status, reason: error });
    expect(summary).toMatchObject({ weightsHash: reference.weightsHash, testLoss: reference.testLoss });
  });

  it.each([
    ['fedavg', 'more steps than it was told', [trained(1), trained(2), trained(3)], 'BAD_STATE'],
    ['fedavg', 'its step again with another loss', [trained(1), trained(1, { loss: 0.3 })], 'STEP_GAP'],
    [
      'fedavg',
      'a bottom before its steps are done',
      [{ type: 'bottom', round: 0, updates: null, payload: new Uint8Array(4 * 53) }],
      'BAD_STATE',
    ],
    ['local-loss', 'more steps than it was told', [smashed(1), smashed(2), smashed(3)], 'BAD_STATE'],
    [
      'local-loss',
      'its step again with other labels',
      [smashed(1), smashed(1, { labels: [int32([3], [0, 0, 0])] })],
      'STEP_GAP',
    ],
  ] as const)('of %s that sends %s is refused', async (schedule, _what, messages, error) => {
    const { ending } = await disturbed(schedule, (stranger) => void stranger.send(...messages));
    expect(ending).toMatchObject({ error, reason: error });
  });
});

describe('a member of a run whose smashed data travel once', () => {
  const [bottom] = [{ type: 'bottom', round: 0, updates: null, payload: new Uint8Array(4) } as const];
  const huge = { tensors: [float32([3, 5], new Array<number>(15).fill(1e30))] };

  /** Learns by itself as it was told, gives back what it was given, and is told to send. */
  async function sending(stranger: Stranger, given: Message<'bottom'>): Promise<void> {
    stranger.send(trained(1), trained(2));
    for (let step = 1; step <= 2; step++) await stranger.receive('applied');
    stranger.send({ ...given, round: 0 });
    await stranger.receive('train');
  }

  it.each([
    ['a step that it reports instead', [trained(3)], 'BAD_STATE'],
    ['a bottom at once', [{ ...bottom, round: 1 }], 'BAD_STATE'],
    ['a bottom after its samples', [smashed(3), smashed(4), { ...bottom, round: 1 }], 'BAD_STATE'],
    ['more batches than it has', [smashed(3), smashed(4), smashed(5)], 'BAD_STATE'],
    ['values that nothing can be computed with', [smashed(3, huge)], 'BAD_VALUE'],
    ['no labels', [smashed(3, { labels: [] })], 'BAD_LABEL'],
  ] as const)('that sends %s is refused', async (_, messages, error) => {
    const { ending, summary } = await disturbed(POOLED, async (stranger, given) => {
      await sending(stranger, given);
      stranger.send(...messages);
    });
    expect(ending).toMatchObject({ error, reason: error });
    expect(Number.isFinite(summary.testLoss)).toBe(true);
  });

  it('that knows nothing of it is not let in, and told why', async () => {
    const server = await serveTiny(POOLED, 1);
    const stranger = await Stranger.connect(server.url);
    stranger.send(helloOf('train'));
    expect(await stranger.ending).toMatchObject({ error: 'BAD_VERSION' });
    await trainHonestly(server, [0, 1]);
    await server.finished;
  });
});
