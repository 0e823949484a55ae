import { Option, type Command } from 'commander';
import type { RunLabels } from '../../client/predict.js';
import { checkServerAddress } from '../../client/server-address.js';
import { checkBatch } from '../../shared/contract.js';
import { consecutiveBatches } from '../../shared/data/batch-order.js';
import type { Batch, Dataset } from '../../shared/data/dataset.js';
import { matchNames } from '../../shared/data/match-names.js';
import { readRows } from '../../shared/data/sound-data.js';
import { engineNames } from '../../shared/engine/choose-engine.js';
import type { MetricName, MetricValue } from '../../shared/metrics/metrics.js';
import type { NdArray } from '../../shared/ndarray.js';
import { addScores, meanScores, noScores } from '../../shared/metrics/scores.js';
import { entryOptions, withEntryFlags, type EntryFlags } from '../entry-flags.js';
import { dataHelp, loadData } from '../load-data.js';
import { fail, succeed, tellOfLink } from '../outcome.js';
import { atLeastOne, jsonFlag } from '../run-options.js';

interface PredictFlags extends EntryFlags {
  readonly data: string;
  readonly limit?: number;
  readonly engine: string;
  readonly bottom?: string;
  readonly json: boolean;
}

/** Small enough for any run's limit on rows in a message. */
const ROWS = 16;

export function addPredict(program: Command): void {
  const command = program
    .command('predict <url>')
    .description('ask a server (tandem serve --keep-serving) for predictions on test samples that stay here')
    .requiredOption('--data <data>', dataHelp)
    .option('--limit <n>', 'samples asked for (default: all)', atLeastOne)
    .option('--bottom <name>', "which of the task's bottoms to hold here (default: its own)")
    .addOption(new Option('--engine <name>', 'what computes').choices(engineNames).default('auto'));
  withEntryFlags(command)
    .addOption(jsonFlag())
    .addHelpText('after', '\nExample:\n  $ tandem predict ws://127.0.0.1:8080 --data mnist --limit 100\n')
    .action(run);
}

async function run(url: string, flags: PredictFlags): Promise<void> {
  try {
    checkServerAddress(url);
    const data = await loadData(flags.data);
    let test = data.test ?? data.train;
    const { predict } = await import('../../client/node/predict.js');
    const size = Math.min(test.size, flags.limit ?? test.size);
    let scores = noScores;
    let samples = 0;
    let judge: (labels: readonly NdArray[], outputs: readonly NdArray[]) => void = () => undefined;
    const onLabels = (of: RunLabels) => {
      test = matchNames({ ...data, train: test }, of.names).data.train;
      const metrics = suitable(of);
      judge = (labels, outputs) => {
        checkBatch({ tensors: [], labels: of.labels, maxRows: ROWS }, [], labels, 'label');
        scores = addScores(scores, metrics, labels, outputs, 0, { kind: of.labels[0]?.kind });
      };
    };
    const asked: Batch[] = [];
    const chosen = flags.bottom === undefined ? {} : { bottom: flags.bottom };
    const options = {
      engine: flags.engine,
      onLinkNews: tellOfLink,
      onLabels,
      ...chosen,
      ...(await entryOptions(flags)),
    };
    for await (const { outputs } of predict(
      url,
      unlabelled(() => test, size, asked),
      options,
    )) {
      judge(asked.shift()?.labels ?? [], outputs);
      samples += outputs[0]?.shape[0] ?? 0;
    }
    const { metrics } = meanScores(scores);
    const text = [`${samples.toLocaleString('en')} predictions`, ...Object.entries(metrics).flatMap(said)].join(', ');
    succeed(flags.json, { samples, accuracy: metrics.accuracy ?? null, metrics }, text);
  } catch (error) {
    fail(error, flags.json);
  }
}

/** The task's metrics, and the one that says most of labels of their kind. */
function suitable({ labels: [label], metrics }: RunLabels): MetricName[] {
  const first: readonly MetricName[] =
    label?.kind === undefined ? [] : label.kind === 'number' ? ['meanAbsoluteError'] : ['accuracy'];
  return [...new Set([...first, ...metrics])];
}

function said([name, value]: [string, MetricValue]): string[] {
  if (typeof value !== 'number') return [];
  if (name === 'accuracy') return [`${(100 * value).toFixed(2)} % correct`];
  return [`${name} ${value.toFixed(4)}`];
}

/** Batches without their labels: those are compared here. The data are as the run calls things by the time they are asked for. */
async function* unlabelled(dataset: () => Dataset, size: number, asked: Batch[]): AsyncGenerator<Batch> {
  for (const rows of consecutiveBatches(size, ROWS)) {
    const batch = await readRows(dataset(), rows, 'data');
    asked.push(batch);
    yield { inputs: batch.inputs, labels: [] };
  }
}
