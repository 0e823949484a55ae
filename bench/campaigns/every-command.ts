import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { WatchedCommand, type Watched } from './watched-command.js';

const SMALL = ['--task', 'mnist-mlp', '--limit', '256', '--steps', '4'];

/** Runs each command once, as people do, and answers what each was seen to do besides what it was told. */
export async function runEveryCommand(folder: string, onCommand: (name: string) => void): Promise<Watched[]> {
  const seen: Watched[] = [];
  // All work in one folder, each with a home of its own.
  const work = join(folder, 'work');
  await mkdir(work, { recursive: true });
  const start = async (name: string, args: readonly string[], named: readonly string[] = []) => {
    onCommand(name);
    const own = join(folder, name);
    await mkdir(own, { recursive: true });
    await symlink(work, join(own, 'work'));
    return WatchedCommand.start(own, args, named);
  };
  const run = async (name: string, args: readonly string[], named: readonly string[] = []) =>
    void seen.push(await (await start(name, args, named)).end());

  await run('keygen', ['keygen', '--out', 'a.key'], ['a.key']);
  await run('invite', ['invite', 'entry', '--role', 'train'], ['entry']);
  await run('simulate', ['simulate', ...SMALL, '--clients', '2', '--save', 'run'], ['run']);
  await run('simulate-tfjs', ['simulate', ...SMALL, '--clients', '1', '--engine', 'tfjs']);
  await run('verify', ['verify', '--task', 'mnist-mlp', '--steps', '2', '--limit', '256']);
  await run(
    'compare',
    ['compare', ...SMALL, '--clients', '2', '--over', 'seed=1,2', '--out', 'compared'],
    ['compared'],
  );
  await run('export', ['export', 'run', '--out', 'exported'], ['exported']);

  const files = ['state', 'audit.jsonl'];
  const served = ['--port', '0', '--clients', '1', '--share-model', '--state', 'state', '--audit-log', 'audit.jsonl'];
  const server = await start('serve', ['serve', ...SMALL, ...served], files);
  const url = await server.said(/ at (ws:\S+?),/);
  const joining = ['join', url, '--data', 'mnist', '--limit', '256', '--state', 'joined', '--save-model', 'shared'];
  await run('join', joining, ['joined', 'shared']);
  await run('predict', ['predict', url, '--data', 'mnist', '--limit', '64']);
  await run('download', ['download', url, '--out', 'downloaded'], ['downloaded']);
  await run('inspect', ['inspect', 'state']);
  await server.interrupt();
  seen.push(await server.end());

  const hops = ['--topology', 'multi-hop', '--port', '0', '--clients', '1'];
  const above = await start('serve-above', ['serve', ...SMALL, ...hops]);
  const relay = await start('relay', ['relay', '--server', await above.said(/ at (ws:\S+?),/), '--port', '0']);
  await run('join-below', ['join', await relay.said(/ at (ws:\S+?)[\s,]/), '--data', 'mnist', '--limit', '256']);
  seen.push(await above.end(), await relay.end());
  return seen;
}
