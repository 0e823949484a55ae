import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isInstalled } from '../../bench/campaigns/deployed-proxy.js';
import { wholeSuite } from '../helpers/whole-suite.js';

/** From the build, as the commands are. */
const { proxyRun } = (await import(
  /* @vite-ignore */ new URL('../../dist/bench/campaigns/proxy-run.js', import.meta.url).href
)) as typeof import('../../bench/campaigns/proxy-run.js');

const SEED = 7;

it.runIf(wholeSuite && isInstalled('nginx'))(
  `three clients train through nginx to the same bits while it goes wrong (the whole of it: npm run campaign:proxy; seed ${SEED})`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-proxy-'));
    // As commands import them.
    const [task, data] = ['dist/bench/campaigns/small-task.js', 'dist/bench/campaigns/small-data.js'];
    const run = ['--task', task, '--engine', 'onnx', '--steps', '150', '--round-steps', '20'];
    const trouble = { restarts: 2, cuts: 3, outageSeconds: 0.7, slowBitsPerSecond: 60_000, everySeconds: 0.1 };
    const result = await proxyRun({ proxy: 'nginx', run, data, ...trouble, seed: SEED, folder });
    expect(result).toMatchObject({ same: true, steps: 150, restarts: 2, cuts: 3 });
    expect(result.newConnections).toBeGreaterThan(9);
  },
);
