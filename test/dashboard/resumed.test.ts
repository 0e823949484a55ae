import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { join as joinRun } from '../../client/node/join.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import type { WatchMessage } from '../../shared/dashboard/changes.js';
import type { DashboardState } from '../../shared/dashboard/state.js';
import { Deferred } from '../../shared/deferred.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const STEPS = 60;
const STOP_AT = 31;

/** What a page is shown first. */
function shown({ url }: RunningServer): Promise<DashboardState> {
  const ws = new WebSocket(`${url}/watch`, ['tandem.watch']);
  return new Promise((resolve, reject) => {
    ws.on('error', reject);
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as WatchMessage;
      ws.close();
      if (message.kind === 'state') resolve(message.state);
    });
  });
}

/** Trains with a server that is stopped in the middle and started again; between the two, `tamper` has the state folder. */
async function twice(tamper: (folder: string) => Promise<void> = async () => undefined): Promise<DashboardState> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-state-'));
  const loadedEngine = await chooseEngine('tfjs');
  const reached = new Deferred<void>();
  const options: ServeOptions = {
    task: tinyTask,
    clients: 2,
    steps: STEPS,
    roundSteps: 5,
    state: folder,
    checkpointEvery: 4,
  };
  const first = await serve({
    ...options,
    loadedEngine,
    onEvent: (event) => event.kind === 'step' && event.step === STOP_AT && reached.resolve(),
  });
  first.finished.catch(() => undefined);
  const clients = [0, 1].map(async (index) => {
    for await (const _ of joinRun(first.url, { data: tinyData(), shard: [index, 2], loadedEngine }));
  });
  await reached.promise;
  await first.drain(0.1);
  await tamper(folder);
  const again = await serve({ ...options, loadedEngine, port: first.port, keepServing: true });
  await Promise.all(clients);
  await again.finished;
  const state = await shown(again);
  await again.close();
  return state;
}

describe('the dashboard of a server that was started again', () => {
  it('goes on with the curves it had, and counts no step twice', async () => {
    const state = await twice();
    expect(state.loss.x).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
    expect(state.clients.map(({ steps, here }) => [steps, here])).toEqual([
      [STEPS / 2, true],
      [STEPS / 2, true],
    ]);
    expect(state.progress).toMatchObject({ steps: STEPS, planned: STEPS });
    expect(state.phase).toBe('finished');
    expect(state.log.map(({ text }) => text).join('\n')).toMatch(/client 0 joined[^]*went on from step \d+[^]*is over/);
  });

  it('begins anew where what it had cannot be read, and shows the clients all the same', async () => {
    const state = await twice((folder) => writeFile(join(folder, 'dashboard.json'), '{"version":1,'));
    expect(state.loss.x[0]).toBeGreaterThan(STOP_AT - 8);
    expect(state.loss.x.at(-1)).toBe(STEPS);
    expect(state.clients.map(({ steps, here }) => [steps, here])).toEqual([
      [STEPS / 2, true],
      [STEPS / 2, true],
    ]);
  });
});
