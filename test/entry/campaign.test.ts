import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { enterWrongly } from '../../bench/campaigns/wrong-entries.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { tinyTask } from '../helpers/tiny-task.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const seed = process.env.TANDEM_SEED ?? '20210607';
const sample = async (attempts: number, broken = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-entry-'));
  return enterWrongly({ attempts, seed, folder, task: tinyTask, engine, ...broken });
};

describe(`wrong entries (TANDEM_SEED=${seed}; all of them: npm run campaign:entry)`, () => {
  it('are refused, every one, and no log tells a secret', async () => {
    const { attempts, accepted, honest, leaks, logBytes } = await sample(500);
    expect(accepted).toEqual({});
    expect(leaks).toEqual([]);
    expect(honest.accepted).toBe(honest.attempts);
    // The campaign must do what it says, or it shows nothing.
    const kinds = Object.keys(attempts).join();
    for (const kind of [
      'forged',
      'replayed',
      'expired',
      'revoked',
      'wrong origin',
      'wrong role',
      'wrong invite',
      'wrong session',
    ]) {
      expect(kinds).toContain(kind);
    }
    expect(honest.attempts).toBeGreaterThan(10);
    expect(logBytes).toBeGreaterThan(10_000);
  });

  it('are noticed where the server forgets which tickets were used', async () => {
    const { accepted } = await sample(60, { spentTickets: { spend: () => true } });
    expect(Object.keys(accepted)).toEqual(['replayed']);
  });
});
