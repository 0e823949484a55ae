import { Option, type Command } from 'commander';
import { saveRun } from '../../server/saved-run.js';
import { transportNames } from '../../simulator/network.js';
import { simulate } from '../../simulator/simulate.js';
import { loadData, dataHelp } from '../load-data.js';
import { loadEngine } from '../load-engine.js';
import { taskFromFlags } from '../load-task.js';
import { fail, interruption, succeed } from '../outcome.js';
import { runReport } from '../report.js';
import {
  atLeastOne,
  shareBelowOne,
  withOutputFlags,
  withRunFlags,
  type OutputFlags,
  type RunFlags,
} from '../run-options.js';
import { RunProgress } from '../run-progress.js';

interface SimulateFlags extends RunFlags, OutputFlags {
  readonly transport: (typeof transportNames)[number];
  readonly data?: string;
  readonly relays?: number;
  readonly clientSegments?: number[];
  readonly clientBottoms?: string[];
  readonly missingIds?: number;
}

export function addSimulate(program: Command): void {
  const command = program.command('simulate').description('run a server and all its clients here, over real sockets');
  withRunFlags(command)
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
    .option('--data <data>', `${dataHelp} (default: the task's)`);
  withOutputFlags(command)
    .addHelpText('after', '\nExample:\n  $ tandem simulate --task mnist --clients 4 --schedule splitfed-v2\n')
    .action(run);
}

async function run(flags: SimulateFlags): Promise<void> {
  const progress = new RunProgress({ jsonLog: flags.logJson });
  try {
    const task = await taskFromFlags(flags);
    const data = await loadData(flags.data ?? task.data, task);
    const loadedEngine = await loadEngine(flags.engine, progress.log);
    const { onEvent } = progress;
    const { clients = 4 } = flags;
    const result = await simulate({ ...flags, clients, task, data, loadedEngine, onEvent, signal: interruption() });
    progress.stop();
    if (flags.save !== undefined) await saveRun(flags.save, flags.task, result);
    succeed(flags.json, result.summary, runReport(result.summary, result.clients));
  } catch (error) {
    progress.stop();
    fail(error, flags.json);
  }
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function segmentCounts(text: string): number[] {
  return text.split(',').map(atLeastOne);
}
