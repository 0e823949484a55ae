import type { Command } from 'commander';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { limited } from '../../shared/data/dataset.js';
import { runOptionsOf } from '../../shared/run-fields.js';
import { resolveRun } from '../../shared/config.js';
import type { Verification } from '../../simulator/verify.js';
import { dataHelp, loadData } from '../load-data.js';
import { taskFromFlags } from '../load-task.js';
import { exitCodes, fail, succeed } from '../outcome.js';
import { jsonFlag, withRunFlags, type RunFlags } from '../run-options.js';

interface VerifyFlags extends RunFlags {
  readonly data?: string;
  readonly json: boolean;
}

const DEFAULT_STEPS = 50;

/** What an engine that rounds differently from the oracle may differ by. */
const TOLERANCE = 1e-4;

export function addVerify(program: Command): void {
  withRunFlags(
    program
      .command('verify')
      .description(
        'train a model cut and whole side by side and compare every weight (on tfjs unless --engine says else)',
      ),
  )
    .option('--data <data>', `${dataHelp} (default: the task's)`)
    .addOption(jsonFlag())
    .addHelpText('after', '\nExample:\n  $ tandem verify --task mnist --steps 50 --cut pool1,dense1\n')
    .action(run);
}

/** Flags of a run that say nothing about one client's steps. */
const WITHOUT_BEARING = [
  'schedule',
  'clients',
  'roundSteps',
  'partition',
  'aggregation',
  'alignEvery',
  'pool',
  'poolEvery',
  'codecWeights',
  'staleness',
  'participation',
  'deadlineSeconds',
  'quorum',
  'evaluateEvery',
  'patience',
  'monitor',
];

async function run(flags: VerifyFlags, command: Command): Promise<void> {
  try {
    const idle = WITHOUT_BEARING.filter((name) => command.getOptionValueSource(name) === 'cli');
    if (idle.length > 0)
      process.stderr.write(`tandem: ${idle.join(', ')} has no bearing on verify: it trains one client\n`);
    const task = await taskFromFlags(flags);
    const data = await loadData(flags.data ?? task.data, task);
    // One client has nothing to aggregate, so a rule for many must not be refused for want of clients.
    const {
      batch,
      seed,
      engine: name,
      limit,
      topology,
      codecUp,
      codecDown,
    } = resolveRun(task, {
      ...runOptionsOf(flags),
      aggregation: 'mean',
    });
    // The oracle runs on tfjs; only on the same kernels can the two agree bit for bit.
    const { verify } = await import('../../simulator/verify.js');
    const engine = await chooseEngine(command.getOptionValueSource('engine') === 'default' ? 'tfjs' : name);
    const dataset = limited(data.train, limit);
    const { epochs } = flags;
    const { steps = epochs ? epochs * Math.ceil(dataset.size / batch) : DEFAULT_STEPS } = flags;
    const onStep = (step: number) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${step}/${steps} steps`);
    };
    const codecs = { ...(codecUp === undefined ? {} : { codecUp }), ...(codecDown === undefined ? {} : { codecDown }) };
    const result = await verify({ task, dataset, engine, steps, batch, seed, topology, ...codecs, onStep });
    if (process.stderr.isTTY) process.stderr.write('\n');
    succeed(flags.json, result, report(task.name, engine.label, result));
    const holds = result.wire ? result.wire.maxShareOfBound <= 1 : result.maxAbsWeightDiff <= TOLERANCE;
    if (!holds) process.exitCode = exitCodes.failure;
  } catch (error) {
    fail(error, flags.json);
  }
}

function report(task: string, engine: string, { steps, segments, ...result }: Verification): string {
  const { identical, maxAbsWeightDiff, maxAbsGradientDiff, wire } = result;
  const coded = wire
    ? `\nlargest error of a codec ${wire.maxAbsError}, ${(100 * wire.maxShareOfBound).toFixed(1)} % of what it declares for the value`
    : '';
  const verdict = identical ? 'bit for bit the same' : 'not bit for bit the same';
  return (
    `${task}, ${segments} segments against the undivided model, ${steps} steps on ${engine}: ${verdict}\n` +
    `largest difference of a weight ${maxAbsWeightDiff}, of a gradient ${maxAbsGradientDiff}${coded}`
  );
}
