import { beforeAll, describe, expect, it } from 'vitest';
import type { TlsRunOptions } from '../../bench/campaigns/tls-run.js';
import { loadIdx } from '../../client/node/data/idx.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { simulate } from '../../simulator/simulate.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { wholeSuite } from '../helpers/whole-suite.js';

/** Some of what `npm run crashes:tls` tries. From the build, where what kills a process is beside what it kills. */
const { tlsRun } = (await import(
  /* @vite-ignore */ new URL('../../dist/bench/campaigns/tls-run.js', import.meta.url).href
)) as typeof import('../../bench/campaigns/tls-run.js');

const run = { clients: 1, steps: 24, batch: 25, seed: 11 };
const size = ['--task', 'mnist', '--clients', '1', '--steps', '24', '--batch', '25', '--seed', '11'];
let options: TlsRunOptions;
let expected: string;

beforeAll(async () => {
  const folder = await digitsFolder(330);
  options = { clients: 1, size, data: ['--data', `idx:${folder}`], serverKeeps: false, patienceSeconds: 50 };
  const loadedEngine = await chooseEngine('auto');
  expected = (await simulate({ task: mnist, data: await loadIdx(folder), ...run, loadedEngine })).summary.weightsHash;
});

describe.runIf(wholeSuite)('processes over TLS whose checkpoints are far apart', () => {
  it('end with the same weights, bit for bit, where a client is killed and sent many answers again', async () => {
    const crash = { who: 0, point: 'client.after-learn', time: 21 } as const;
    const { weightsHash, steps, crashes } = await tlsRun({ ...options, crash });
    expect({ weightsHash, steps, crashes }).toEqual({ weightsHash: expected, steps: 24, crashes: 1 });
  });

  it('and where links are cut in the middle of messages', async () => {
    const chaos = { every: 40, kinds: ['reset'], seed: '3' } as const;
    const { weightsHash, faults } = await tlsRun({ ...options, chaos });
    expect(weightsHash).toBe(expected);
    expect(faults?.reset).toBeGreaterThan(0);
  });
});
