import type { Command } from 'commander';

type Add = (program: Command) => unknown;

/** What loads each command, in the order that `--help` lists them in. */
const loaders: ReadonlyMap<string, () => Promise<Add>> = new Map<string, () => Promise<Add>>([
  ['train', async () => (await import('./commands/train.js')).addTrain],
  ['init', async () => (await import('./commands/init.js')).addInit],
  ['runs', async () => (await import('./commands/runs.js')).addRuns],
  ['simulate', async () => (await import('./commands/simulate.js')).addSimulate],
  ['serve', async () => (await import('./commands/serve.js')).addServe],
  ['join', async () => (await import('./commands/join.js')).addJoin],
  ['relay', async () => (await import('./commands/relay.js')).addRelay],
  ['predict', async () => (await import('./commands/predict.js')).addPredict],
  ['verify', async () => (await import('./commands/verify.js')).addVerify],
  ['compare', async () => (await import('./commands/compare.js')).addCompare],
  ['download', async () => (await import('./commands/download.js')).addDownload],
  ['export', async () => (await import('./commands/export.js')).addExport],
  ['inspect', async () => (await import('./commands/inspect.js')).addInspect],
  ['keygen', async () => (await import('./commands/keygen.js')).addKeygen],
  ['invite', async () => (await import('./commands/invite.js')).addInvite],
]);

/** Who names a command first waits for that one alone; all are loaded to list them, or to guess what a slip meant. */
export function commandsFor(first: string | undefined): Promise<Add[]> {
  const named = first === undefined ? undefined : loaders.get(first);
  return Promise.all((named ? [named] : [...loaders.values()]).map((load) => load()));
}
