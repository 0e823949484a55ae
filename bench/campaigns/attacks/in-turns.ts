import { asTandemError } from '../../../shared/errors.js';
import { holds, type Attack } from './attack.js';
import { against, honest, pause } from './attacked-server.js';
import { Attacker, batch } from './attacker.js';

const nothing = () => undefined as void;

/** Trains until the other is back with a turn of its own, then leaves and comes back. */
async function comesAndGoes(url: string, until: number, first: number, count: () => void): Promise<void> {
  let leaveAt = first;
  while (Date.now() < until) {
    try {
      const attacker = await Attacker.join(url);
      attacker.say({ type: 'ready', samples: 32, testSamples: 0 });
      let [step, bottom]: [number, Uint8Array] = [0, new Uint8Array()];
      for (let turn = 1; ;) {
        const message = await attacker.hear();
        if (message.type === 'finished') return;
        if (message.type === 'bottom') bottom = message.payload.slice();
        if (message.type !== 'train') continue;
        for (let left = message.steps; left > 0; left--) {
          await pause(0.06);
          attacker.say({ type: 'smashed', step: ++step, ...batch(16) });
          await attacker.until('cutGradient');
          count();
          if (turn === leaveAt) break;
        }
        if (turn++ === leaveAt) break;
        attacker.say({ type: 'bottom', round: message.round, updates: null, payload: bottom });
      }
      attacker.leave();
      leaveAt = 3;
    } catch (error) {
      if (asTandemError(error).code === 'RUN_OVER') return;
      await pause(0.05);
    }
  }
}

async function drips(url: string, seconds: number, reached = nothing): Promise<void> {
  const attacker = await Attacker.join(url);
  attacker.say({ type: 'ready', samples: 2560, testSamples: 0 });
  await attacker.until('train');
  reached();
  const until = Date.now() + 1000 * seconds;
  for (let step = 1; Date.now() < until; step++) {
    attacker.say({ type: 'smashed', step, ...batch(1, 0.1) });
    await attacker.until('cutGradient');
    await pause(0.7);
  }
}

export const leavesAndReturns: Attack = {
  name: 'leaves-and-returns',
  promise: 'a place that was left goes on with what it has done, so a run has an end',
  flags: ['--clients', '3', '--epochs', '4', '--deadline', '2'],
  run: () =>
    against(leavesAndReturns.flags, async ({ url }) => {
      let steps = 0;
      const until = Date.now() + 20_000;
      const count = () => void steps++;
      void comesAndGoes(url, until, 2, count);
      void comesAndGoes(url, until, 3, count);
      const end = await honest(url, 20);
      const what = `two that leave in turns: the honest client ${end}, ${steps} steps of theirs, of 16 planned`;
      return [holds(end === 'finished' && steps <= 32, what)];
    }),
};

export const dripInTurns: Attack = {
  name: 'drip-in-turns',
  promise: 'a turn has an end of its own',
  flags: ['--clients', '2', '--schedule', 'sequential', '--epochs', '1', '--deadline', '1'],
  client: (url, reached) => drips(url, 1, reached),
  run: () =>
    against(dripInTurns.flags, async ({ url }) => {
      void drips(url, 20).catch(nothing);
      await pause(0.5);
      const end = await honest(url, 15);
      return [holds(end === 'finished', `a step of one sample every 700 ms, 2560 claimed: the honest client ${end}`)];
    }),
};
