import { describe, expect, it } from 'vitest';
import { withSend } from '../../bench/with-send.js';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { parsePartition, partitionRows } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { gatherRows } from '../../shared/ndarray.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const engine = await chooseEngine('tfjs');

/** What becomes of a client whose server says other things than it ought to. */
async function toldBy(change: (message: Message) => readonly Message[], options: RunOptions = {}) {
  const settings = resolveRun(tinyTask, { clients: 1, seed: 5, ...options });
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback' });
  host.finished.catch(() => undefined);
  const [mine, theirs] = loopbackPair();
  const lying = withSend(theirs, (bytes) => {
    for (const said of change(decodeMessage(bytes))) theirs.send(encodeMessage(said));
  });
  void host.accept(lying);
  const trained = async () => {
    for await (const _ of participate({ transport: mine, data: tinyData(), engine }));
  };
  return trained().then(
    () => 'finished',
    (error: unknown) => error,
  );
}

const each =
  <N extends Message['type']>(name: N, into: (message: Message<N>) => readonly Message[]) =>
  (message: Message) =>
    message.type === name ? into(message as Message<N>) : [message];

describe('a client whose server lies', () => {
  it.each([
    ['of fewer samples than it sent', 3],
    ['of one sample', 1],
  ])('learns nothing from gradients %s', async (_, count) => {
    const change = each('cutGradient', (message) => [
      { ...message, tensors: message.tensors.map((tensor) => gatherRows(tensor, [0, 1, 2].slice(0, count))) },
    ]);
    expect(await toldBy(change)).toMatchObject({
      code: 'BAD_SHAPE',
      message: expect.stringMatching(/cut gradient/) as unknown,
    });
  });

  it.each([
    ['a billion shards', 10, 'shards:100000000'],
    ['more clients than rows', 1_000_000, 'iid'],
    ['a share of every row for each of a million clients', 1_000_000, 'dirichlet:0.5'],
    ['ten million shares of labels', 5_000, 'dirichlet:1e-300'],
  ])('deals its rows only as far as there are any: %s', { timeout: 5_000 }, (_, clients, partition) => {
    const rows = { size: 6_007, batch: () => ({ inputs: [], labels: [] }), label: (row: number) => row % 3_001 };
    const startedMs = process.cpuUsage().user / 1000;
    expect(() => partitionRows(rows, clients, parsePartition(partition), 3)).toThrow(
      /of 6007|6007 samples|3001 labels/,
    );
    expect(process.cpuUsage().user / 1000 - startedMs).toBeLessThan(1_500);
  });

  it('opens one model in a run', async () => {
    const change = each('model', (message) => [message, message]);
    expect(await toldBy(change)).toMatchObject({ code: 'BAD_STATE', message: 'the server sent a second model' });
  });

  it.each([
    [
      'a gradient for a step that was not sent',
      each('cutGradient', (message) => [{ ...message, step: message.step + 7 }]),
    ],
    ['a second answer to a step', each('cutGradient', (message) => [message, message])],
    [
      'predictions that were not asked for',
      each('train', (message) => [{ type: 'prediction', id: 3, loss: null, tensors: [] }, message]),
    ],
    ['a round of work within another', each('train', (message) => [message, message])],
  ])('ends at %s, in words of its own', async (_, change) => {
    expect(await toldBy(change)).toMatchObject({ code: 'BAD_STATE' });
  });
});
