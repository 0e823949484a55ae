import { beforeAll, describe, expect, it, vi } from 'vitest';
import { hostileKinds, HostileSockets } from '../../bench/campaigns/hostile-sockets.js';
import { join } from '../../client/node/join.js';
import { serve } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { RunEvent } from '../../shared/events.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

/** A run of one honest client, which waits with its last steps until `meanwhile` is over. */
async function run(
  limits: object,
  meanwhile: (port: number, metric: (name: string) => Promise<number>) => Promise<void>,
) {
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent) => void events.push(event);
  const server = await serve({ task: tinyTask, seed: 5, loadedEngine: engine, limits, onEvent });
  const metric = async (name: string) => {
    const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  for await (const { step } of join(server.url, { data: tinyData(), loadedEngine: engine })) {
    if (step === 3) await meanwhile(server.port, metric);
  }
  const { summary } = await server.finished;
  return { hash: summary.weightsHash, events };
}

describe('sockets that are slow, silent or endless (1,000 of them: npm run campaign:sockets)', () => {
  it('are cut, each kind that can be, and change nothing', async () => {
    const undisturbed = await run({}, async () => undefined);
    const waitingBytes = 12_000;
    let highest = 0;
    const { hash } = await run({ helloSeconds: 1, waitingBytes }, async (port, metric) => {
      const attack = new HostileSockets({ port, count: 60, maxMessageBytes: 4_000, returnAfterMs: 60_000 });
      attack.start();
      try {
        await vi.waitFor(
          async () => {
            highest = Math.max(highest, await metric('tandem_waiting_bytes'));
            // Silence and slow headers by the clock, early bulk by the size of a hello, halves by the budget.
            const cut = Object.keys(attack.cut).sort();
            expect(cut).toEqual(expect.arrayContaining(['early bulk', 'half a message', 'silence', 'slow headers']));
          },
          { timeout: 30_000, interval: 100 },
        );
        expect(Object.keys(attack.opened).sort()).toEqual([...hostileKinds].sort());
      } finally {
        attack.stop();
      }
    });
    expect(hash).toBe(undisturbed.hash);
    expect(highest).toBeGreaterThan(waitingBytes / 4);
    expect(highest).toBeLessThanOrEqual(waitingBytes);
  });

  it('of an address that was struck out get no answer but that', async () => {
    const { events } = await run({ limitLoopback: true, helloSeconds: 1 }, async (port) => {
      const attack = new HostileSockets({ port, count: 18, maxMessageBytes: 4_000, returnAfterMs: 100 });
      attack.start();
      await vi.waitFor(
        async () => {
          const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
          expect([answer.status, await answer.text()]).toEqual([429, expect.stringContaining('refused 3 times')]);
        },
        { timeout: 20_000, interval: 100 },
      );
      attack.stop();
    });
    const access = events.flatMap((event) => (event.kind === 'access' ? [event.what] : []));
    expect(access.filter((what) => what === 'struck-out')).toHaveLength(1);
  });
});
