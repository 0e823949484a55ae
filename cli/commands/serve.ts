import type { Command } from 'commander';
import { saveRun } from '../../server/saved-run.js';
import { serve } from '../../server/serve.js';
import { TandemError } from '../../shared/errors.js';
import { findSchedule } from '../../shared/schedules.js';
import { doorOptions, withDoorFlags, type DoorFlags } from '../door-flags.js';
import { loadEngine } from '../load-engine.js';
import { taskFromFlags } from '../load-task.js';
import { fail, interruption, succeed } from '../outcome.js';
import { runReport } from '../report.js';
import {
  alignedFlag,
  portNumber,
  secondsFromZero,
  withOutputFlags,
  withRunFlags,
  type OutputFlags,
  type RunFlags,
} from '../run-options.js';
import { RunProgress } from '../run-progress.js';

interface ServeFlags extends RunFlags, OutputFlags, DoorFlags {
  readonly port: number;
  readonly host: string;
  readonly keepServing: boolean;
  readonly grace: number;
}

export function addServe(program: Command): void {
  const command = program.command('serve').description('hold the upper part of a model and train it with clients');
  withRunFlags(command)
    .option('--port <n>', 'where clients join; 0 takes a free port', portNumber, 8080)
    .option('--host <address>', 'the address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--grace <seconds>', 'how long to wait for a client that has lost its link', secondsFromZero, 10)
    .addOption(alignedFlag())
    .option('--keep-serving', 'after the run, answer predictions until Ctrl-C', false);
  withDoorFlags(command);
  withOutputFlags(command)
    .addHelpText('after', '\nExample:\n  $ tandem serve --task mnist --port 8080 --clients 3\n')
    .action(run);
}

async function run(flags: ServeFlags): Promise<void> {
  const progress = new RunProgress({ jsonLog: flags.logJson });
  const interrupted = interruption();
  try {
    if (findSchedule(flags.schedule ?? 'splitfed-v2').clients === 'none') {
      throw new TandemError(
        'BAD_OPTION',
        `schedule '${flags.schedule ?? ''}' has no server`,
        'run it with: tandem simulate',
      );
    }
    const task = await taskFromFlags(flags);
    const { clients = 1 } = flags;
    const loadedEngine = await loadEngine(flags.engine, progress.log);
    const { onEvent } = progress;
    const onTrouble = (message: string) => progress.log.error(message);
    const door = doorOptions(flags);
    const server = await serve({ ...flags, ...door, clients, task, loadedEngine, onEvent, onTrouble });
    progress.ofRun(server.run);
    interrupted.addEventListener('abort', () => void server.close());
    progress.log.info(
      `serving '${task.name}' at ${server.url}, waiting for ${clients} client${clients === 1 ? '' : 's'}`,
    );
    const result = await server.finished;
    if (flags.save !== undefined) await saveRun(flags.save, flags.task, result);
    progress.stop();
    succeed(flags.json, result.summary, runReport(result.summary, result.clients));
    if (flags.keepServing) progress.log.info(`the run is over; answering predictions at ${server.url} until Ctrl-C`);
  } catch (error) {
    progress.stop();
    fail(error, flags.json);
  }
}
