import { float32, int32 } from '../../../shared/ndarray.js';
import { holds, type Attack, type Finding } from './attack.js';
import { against, pause } from './attacked-server.js';
import { Attacker } from './attacker.js';

/** A slow machine sees fewer lengths in the time, and plans of the last ones are kept: with 1,200 lengths of training 115 MB, of which the last 450 add none. */
const MOST_MEGABYTES_A_LENGTH = 0.1;
const MOST_MEGABYTES_BESIDE = 64;
const SECONDS = 20;

/** Asks about, or trains on, one sample of another length each time. */
async function lengths(url: string, role: 'train' | 'infer', most: number, began: () => Promise<void> | void) {
  const attacker = await Attacker.join(url, role);
  if (role === 'train') {
    attacker.say({ type: 'ready', samples: 30_000, testSamples: 0 });
    await attacker.until('train');
  }
  let count = 0;
  const one = async (length: number) => {
    const tensors = [float32([1, length, 8], new Float32Array(length * 8).fill(0.5))];
    count++;
    if (role === 'train') attacker.say({ type: 'smashed', step: count, tensors, labels: [int32([1], [0])] });
    else attacker.say({ type: 'query', id: count, tensors, labels: [] });
    await attacker.until(role === 'train' ? 'cutGradient' : 'prediction');
  };
  for (let i = 0; i < Math.min(50, most); i++) await one(700);
  await began();
  const until = Date.now() + 1000 * SECONDS;
  for (let length = 1; length <= most && Date.now() < until; length++) await one(length);
  return count;
}

async function one(role: 'train' | 'infer'): Promise<Finding> {
  const work = async (server: Parameters<Parameters<typeof against>[1]>[0]) => {
    let before = 0;
    const count = await lengths(server.url, role, 900, async () => void (before = await server.megabytes()));
    await pause(0.5);
    const grown = (await server.megabytes()) - before;
    return holds(
      grown < MOST_MEGABYTES_BESIDE + MOST_MEGABYTES_A_LENGTH * count,
      `${role}, ${count} messages of other lengths: grew by ${grown} MB`,
    );
  };
  return against(eachLength.flags, work, 'open-task');
}

export const eachLength: Attack = {
  name: 'each-length',
  promise: 'what is kept for lengths that were seen once is bounded',
  flags: ['--clients', '1', '--round-steps', '100000'],
  run: async () => [await one('infer'), await one('train')],
};
