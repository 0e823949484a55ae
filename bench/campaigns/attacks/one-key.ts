import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { holds, type Attack } from './attack.js';
import { against, pause } from './attacked-server.js';

const program = fileURLToPath(new URL('../../../cli/main.js', import.meta.url));
const data = fileURLToPath(new URL('four-data.js', import.meta.url));
const run = promisify(execFile);

/** An invite for one use, and the key that uses it. */
async function invited(folder: string): Promise<{ readonly key: string; readonly code: string }> {
  const [entry, key] = [join(folder, 'entry'), join(folder, 'key')];
  await run(process.execPath, [program, 'keygen', '--out', key]);
  const flags = ['--role', 'train', '--uses', '1', '--json'];
  const { stdout } = await run(process.execPath, [program, 'invite', entry, ...flags]);
  return { key, code: (JSON.parse(stdout) as { code: string }).code };
}

export const oneKey: Attack = {
  name: 'one-key',
  promise: 'an invite for one use has one place of a run at a time',
  flags: ['--clients', '3', '--epochs', '1'],
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-attack-'));
    return against([...oneKey.flags, '--entry', join(folder, 'entry')], async (server) => {
      const { key, code } = await invited(folder);
      const clients: ChildProcess[] = [];
      const start = (...flags: string[]) =>
        clients.push(spawn(process.execPath, [program, 'join', server.url, '--data', data, '--key', key, ...flags]));
      const joined = () => server.log.split('joined with').length - 1;
      start('--invite', code);
      for (let i = 0; i < 100 && joined() < 1; i++) await pause(0.1);
      start();
      start();
      for (let i = 0; i < 200 && joined() < 3; i++) await pause(0.1);
      for (const client of clients) client.kill();
      return [holds(joined() === 1, `one invite for one use, with one key, has ${joined()} of 3 places`)];
    });
  },
};
