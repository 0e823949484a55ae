import { Option, type Command } from 'commander';
import type { RunResult } from '../../server/run/summarise.js';
import type { SimulateOptions } from '../../simulator/simulate.js';
import { pickFields } from '../../shared/fields/check-fields.js';
import { saveRun } from '../../server/saved-run.js';
import { TandemError } from '../../shared/errors.js';
import { transportNames, type TransportName } from '../../simulator/transport-names.js';
import { tryFolder } from '../../storage/try-folder.js';
import { trainOwn, type TrainFlags } from './train.js';
import { loadData, dataHelp } from '../load-data.js';
import { loadEngine } from '../load-engine.js';
import { taskFromFlags } from '../load-task.js';
import { withDataFlags } from '../own/data-flags.js';
import { attempt, fail, succeed, tellLost } from '../outcome.js';
import { runReport } from '../report.js';
import {
  atLeastOne,
  portNumber,
  shareBelowOne,
  withOutputFlags,
  withRunFlags,
  type OutputFlags,
  type RunFlags,
} from '../run-options.js';
import { RunProgress } from '../run-progress.js';
import { interruption, onAbort } from '../signals.js';

interface SimulateFlags extends RunFlags, OutputFlags {
  readonly transport: TransportName;
  readonly data?: string;
  readonly relays?: number;
  readonly clientSegments?: number[];
  readonly clientBottoms?: string[];
  readonly missingIds?: number;
  readonly browsers?: number;
  readonly chromium?: string;
  /** True for any free port. */
  readonly dashboard?: number | true;
  readonly keep: boolean;
}

export function addSimulate(program: Command): void {
  const command = program
    .command('simulate [own-data] [labels]')
    .description('run a server and all its clients here, over real sockets; with own data, train them as train does');
  withRunFlags(withDataFlags(command))
    .addOption(
      new Option('--transport <name>', 'between clients and server').choices(transportNames).default('websocket'),
    )
    .option('--relays <n>', 'multi-hop: relays in a row between clients and server (default: 1)', atLeastOne)
    .option('--client-segments <n,n,...>', 'segments each client holds, where they differ', segmentCounts)
    .option(
      '--client-bottoms <name,name,...>',
      "which of the task's bottoms each client holds (default: its own)",
      names,
    )
    .option(
      '--missing-ids <share>',
      'vertical: share of the rows that each party lacks; the rest are matched by id',
      shareBelowOne,
    )
    .option('--browsers <n>', 'of the clients, so many as tabs of a real Chromium', atLeastOne)
    .option('--chromium <path>', 'its executable, where it is not found by itself (or TANDEM_CHROMIUM)')
    .option('--dashboard [port]', 'show the run to browsers on this machine (default: any free port)', portNumber)
    .option('--keep', 'with --dashboard: keep it open after the run, until Ctrl-C', false)
    .option(
      '--resume [folder]',
      'go on with a run on own data that was ended before its time (default: the newest one)',
    )
    .option('--data <data>', `${dataHelp} (default: the task's)`);
  withOutputFlags(command)
    .addHelpText('after', '\nExample:\n  $ tandem simulate --task mnist --clients 4 --schedule splitfed-v2\n')
    .action((data: string | undefined, labels: string | undefined, flags: SimulateFlags & TrainFlags, own: Command) => {
      if (data === undefined && flags.resume === undefined) return run(flags);
      return trainOwn(data, labels, flags, own, flags.transport);
    });
}

async function run({ dashboard, keep, save, ...flags }: SimulateFlags): Promise<void> {
  const progress = new RunProgress({ jsonLog: flags.logJson });
  const interrupted = interruption((text) => progress.log.warn(text));
  let isReported = false;
  const report = async (outcome: RunResult | TandemError) => {
    isReported = true;
    progress.stop();
    if (outcome instanceof TandemError) return fail(outcome, flags.json);
    const trouble = save === undefined ? undefined : await attempt(() => saveRun(save, flags.task, outcome));
    succeed(flags.json, outcome.summary, runReport(outcome.summary, outcome.clients), trouble);
    tellLost(outcome.summary.lost, flags.strict);
  };
  const keepOpen = async (outcome: RunResult | TandemError) => {
    await report(outcome);
    progress.log.info('the run is over; its dashboard stays until Ctrl-C');
    await aborted(interrupted);
  };
  try {
    if (keep && dashboard === undefined) {
      throw new TandemError(
        'BAD_OPTION',
        '--keep keeps the dashboard open, and there is none',
        'give --dashboard, too',
      );
    }
    const task = await taskFromFlags(flags);
    if (save !== undefined) await tryFolder({ path: save, flag: '--save' });
    const data = await loadData(flags.data ?? task.data, task, (line) => progress.log.info(line));
    const { simulate } = await import('../../simulator/simulate.js');
    const { simulateFields } = await import('../../simulator/simulate-fields.js');
    const loadedEngine = await loadEngine(flags.engine, progress.log);
    const { onEvent } = progress;
    const { clients = 4 } = flags;
    const result = await simulate({
      ...pickFields<SimulateOptions>(flags, simulateFields),
      clients,
      task,
      data,
      loadedEngine,
      onEvent,
      signal: interrupted,
      ...(dashboard === undefined ? {} : { dashboard: dashboard === true ? 0 : dashboard }),
      onDashboard: (url) => progress.log.info(`look at the run: ${url}`),
      ...(keep ? { beforeClosing: keepOpen } : {}),
    });
    if (!isReported) await report(result);
  } catch (error) {
    progress.stop();
    if (!isReported) fail(error, flags.json);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => onAbort(signal, resolve));
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function segmentCounts(text: string): number[] {
  return text.split(',').map(atLeastOne);
}
