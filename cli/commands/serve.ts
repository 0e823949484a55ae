import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { httpUrl } from '../../client/server-address.js';
import { mnistFolder } from '../../client/node/data/mnist.js';
import type { ServeOptions } from '../../server/serve.js';
import { saveRun } from '../../server/saved-run.js';
import { makeRunFolder, runFiles } from '../../storage/run-folder.js';
import { tryFolder } from '../../storage/try-folder.js';
import { pickFields } from '../../shared/fields/check-fields.js';
import { TandemError } from '../../shared/errors.js';
import { findSchedule } from '../../shared/schedules.js';
import { doorOptions, withDoorFlags, type DoorFlags } from '../door-flags.js';
import { forLan, trustLines } from '../lan/for-lan.js';
import { dataFlagsOf, withDataFlags, type DataFlags } from '../own/data-flags.js';
import { keepTask, writeTask } from '../own/decide.js';
import { loadEngine } from '../load-engine.js';
import { loadTask, taskFromFlags } from '../load-task.js';
import { dashboardLink, joinLink, newLinkInvites, openAddress, qrCode } from '../join-link.js';
import { attempt, fail, succeed, tellLost } from '../outcome.js';
import { runReport } from '../report.js';
import {
  alignedFlag,
  atLeastOne,
  portNumber,
  graceFlag,
  withOutputFlags,
  withRunFlags,
  type OutputFlags,
  type RunFlags,
} from '../run-options.js';
import { RunProgress } from '../run-progress.js';
import { interruption, onAbort } from '../signals.js';

interface ServeFlags extends Omit<RunFlags, 'cut' | 'batch' | 'epochs'>, DataFlags, OutputFlags, DoorFlags {
  readonly sample?: string;
  readonly port: number;
  readonly host: string;
  readonly dashboard: boolean;
  readonly keepServing: boolean;
  readonly shareModel: boolean;
  readonly graceSeconds: number;
  readonly offerData?: string;
  readonly pages?: string;
  readonly lan: boolean;
  /** Decided by `lan`. */
  readonly showCertificate?: boolean;
  readonly inviteLink: boolean;
  readonly state?: string;
  readonly checkpointEvery?: number;
  readonly movedTo?: string;
}

export function addServe(program: Command): void {
  const command = program.command('serve').description('hold the upper part of a model and train it with clients');
  withRunFlags(withDataFlags(command))
    .option('--sample <data>', 'make the task from a sample of what clients have: a table, a folder, arrays')
    .option('--port <n>', 'where clients join; 0 takes a free port', portNumber, 8080)
    .option('--host <address>', 'the address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .addOption(graceFlag())
    .option('--state <folder>', 'write the run down there, and go on from there')
    .option('--checkpoint-every <n>', 'with --state: steps between two checkpoints (default: 64 or more)', atLeastOne)
    .option('--moved-to <address>', 'with --state: where clients go on when this server is stopped')
    .addOption(alignedFlag())
    .option(
      '--offer-data <data>',
      'let pages train on this: mnist, or a folder of unpacked idx files; anybody can read it',
    )
    .option('--pages <folder>', "show pages of one's own, below /pages/; anybody can read them")
    .option(
      '--lan',
      'for phones and others in your network: a certificate, a link with invites, how to trust it',
      false,
    )
    .option('--invite-link', 'with --entry: print a link with invites for all clients, good for a day', false)
    .option('--no-dashboard', 'show the run to nobody')
    .option('--share-model', 'after the run, give the merged model to who trained it, until Ctrl-C', false)
    .option('--keep-serving', 'after the run, answer predictions until Ctrl-C', false);
  withDoorFlags(command);
  withOutputFlags(command)
    .addHelpText('after', '\nExample:\n  $ tandem serve --task mnist --port 8080 --clients 3\n')
    .action((flags: ServeFlags, own: Command) => run(flags, own));
}

async function run(given: ServeFlags, command: Command): Promise<void> {
  const progress = new RunProgress({ jsonLog: given.logJson });
  const interrupted = interruption((text) => progress.log.warn(text));
  try {
    const flags: ServeFlags = given.lan ? { ...given, ...(await forLan(given)) } : given;
    const schedule = findSchedule(flags.schedule ?? 'splitfed-v2');
    if (schedule.clients === 'none') {
      const what = `schedule '${schedule.name}' has no server`;
      throw new TandemError('BAD_OPTION', what, 'run it with: tandem simulate');
    }
    const sampled = await taskOfSample(flags, command, (line) => process.stderr.write(`${line}\n`));
    const task = sampled?.task ?? (await taskFromFlags(flags));
    const { clients = 1, save = sampled?.folder } = flags;
    if (save !== undefined) await tryFolder({ path: save, flag: '--save' });
    const { serve } = await import('../../server/serve.js');
    const { serveFields } = await import('../../server/serve-fields.js');
    const loadedEngine = await loadEngine(flags.engine, progress.log);
    const { onEvent } = progress;
    const onTrouble = (message: string) => progress.log.error(message);
    const door = doorOptions(flags);
    const { inviteLink, offerData: offered, ...options } = flags;
    const offerData = offered === 'mnist' ? mnistFolder() : offered;
    const invites = inviteLink ? await newLinkInvites(entryOf(flags), clients) : undefined;
    const server = await serve({
      ...pickFields<ServeOptions>({ ...options, ...door }, serveFields),
      ...(offerData === undefined ? {} : { offerData }),
      clients,
      task,
      loadedEngine,
      onEvent,
      onTrouble,
    });
    progress.ofRun(server.run);
    onAbort(interrupted, () => void server.drain(1, flags.movedTo));
    progress.log.info(
      `serving '${task.name}' at ${openAddress(server.url)}, waiting for ${clients} client${clients === 1 ? '' : 's'}`,
    );
    const shownAt = flags.publicUrl ?? server.url;
    showLink(progress, joinLink(shownAt, invites), flags.entry !== undefined && !inviteLink);
    if (flags.showCertificate && flags.tlsCert !== undefined)
      trustLines(joinLink(shownAt), flags.tlsCert).forEach((line) => progress.log.info(line));
    if (flags.pages !== undefined) progress.log.info(`your own pages: ${httpUrl(openAddress(shownAt), '/pages/')}`);
    if (server.dashboard) progress.log.info(`look at the run: ${dashboardLink(shownAt)}`);
    const result = await server.finished;
    const trouble =
      save === undefined ? undefined : await attempt(() => saveRun(save, sampled?.file ?? flags.task, result));
    progress.stop();
    succeed(flags.json, result.summary, runReport(result.summary, result.clients), trouble);
    tellLost(result.summary.lost, flags.strict);
    const gives = flags.shareModel ? 'giving the model away and ' : '';
    if (flags.keepServing || flags.shareModel)
      progress.log.info(`the run is over; ${gives}answering predictions at ${openAddress(server.url)} until Ctrl-C`);
  } catch (error) {
    progress.stop();
    fail(error, given.json);
  }
}

/** A task that is made from a sample, kept in the folder of the run. */
async function taskOfSample({ sample, save, ...flags }: ServeFlags, command: Command, say: (line: string) => void) {
  if (sample === undefined) return undefined;
  if (command.getOptionValueSource('task') === 'cli')
    throw new TandemError('BAD_OPTION', 'a task and a sample to make one from were given', 'leave one of them out');
  const { name, text, lines } = await writeTask(sample, undefined, dataFlagsOf(flags, command));
  lines.forEach(say);
  const folder = await makeRunFolder(name, save);
  await keepTask(folder, text);
  const file = resolve(folder, runFiles.task);
  say(`task         ${join(folder, runFiles.task)}: how clients' data are read is in it, and told to who comes in`);
  return { folder, file, task: await loadTask(file) };
}

/** For people with a browser; the code for cameras only where somebody looks at a terminal. */
function showLink({ log }: RunProgress, link: string, lacksInvite: boolean): void {
  log.info(`join in a browser: ${link}${lacksInvite ? ' with #invite=CODE after it (see --invite-link)' : ''}`);
  if (process.stderr.isTTY && !lacksInvite) process.stderr.write(`\n${qrCode(link)}\n\n`);
}

function entryOf({ entry }: ServeFlags): string {
  if (entry !== undefined) return entry;
  throw new TandemError('BAD_OPTION', '--invite-link makes invites, and nobody asks for them', 'give --entry, too');
}
