import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { plantedBugs } from '../../bench/campaigns/liars/planted-bugs.js';

const folder = 'dist/bench/campaigns/liars';

// A seed at the door, where one takes the time of an exchange or two; the others are tried by `npm run campaign:liars:planted`.
it.each([['G', 'planted-65']])(
  'the campaign finds a planted bug of kind %s by seed %s',
  (kind, seed) => {
    const number = plantedBugs.findIndex((bug) => bug.kind.startsWith(kind));
    const env = { ...process.env, TANDEM_PLANTED: String(number) };
    const one = [`${folder}/main.js`, '1', 'planted', '60', seed];
    const { stdout, status } = spawnSync(process.execPath, ['--import', `./${folder}/plant.js`, ...one], { env });
    expect(String(stdout)).toMatch(/^seed planted-\d+: at the door: /);
    expect(status).toBe(1);
  },
  120_000,
);
