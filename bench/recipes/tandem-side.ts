import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readRunRecord, type RunRecord } from '../../storage/run-folder.js';
import { root } from '../results.js';

/** Trains data as a person would, by the command, and answers what its folder says. */
export async function trainByCommand(data: string, folder: string, flags: readonly string[]): Promise<RunRecord> {
  const main = fileURLToPath(new URL('dist/cli/main.js', root));
  const args = [main, 'train', data, '--save', folder, ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`tandem train ${data} ended with ${code ?? 'a signal'}`);
  return readRunRecord(folder);
}
