import { afterEach, expect, it, vi } from 'vitest';
import type { Message } from '../../shared/protocol/messages.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import { simulate } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** Of each client more batches of test samples than may be asked about at once, the last one smaller. */
const data = { train: tinyData(33, 4).train, test: tinyData(131, 9).train };
const options = { task: tinyTask, data, clients: 2, epochs: 2, batch: 3, seed: 23, engine: 'tfjs' } as const;

const send = Object.getOwnPropertyDescriptor(LastingLink.prototype, 'send')?.value as LastingLink['send'];

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs with clients that have these capabilities; answers also the most queries that no prediction had been sent for. */
async function run(topology: string, capabilities?: readonly string[]) {
  let [underWay, most] = [0, 0];
  vi.spyOn(LastingLink.prototype, 'send').mockImplementation(function (this: LastingLink, message: Message) {
    if (message.type === 'query') most = Math.max(most, ++underWay);
    if (message.type === 'prediction') underWay--;
    send.call(this, message.type === 'hello' && capabilities ? { ...message, capabilities } : message);
  });
  const { summary } = await simulate({ ...options, topology, clients: 1 });
  const { weightsHash, testLoss, metrics } = summary;
  return { most, came: { weightsHash, testLoss, metrics } };
}

it.each([
  ['vanilla', 1],
  ['u-shaped', 1],
  // Each is sent twice.
  ['multi-hop', 2],
])('%s: several queries under way change no bit of an evaluation', async (topology, links) => {
  const [several, one] = [await run(topology), await run(topology, [])];
  expect(one.most).toBe(links);
  expect(several.most).toBeGreaterThan(4 * links);
  expect(several.came).toEqual(one.came);
  expect(one.came.testLoss).not.toBeNull();
});
