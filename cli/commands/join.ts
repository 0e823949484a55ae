import { InvalidArgumentError, Option, type Command } from 'commander';
import { Entrance } from '../../client/node/connect.js';
import { download } from '../../client/node/download.js';
import { linkLine, type LinkNews } from '../../client/link-news.js';
import type { JoinStep, PartyName, RunOutcome } from '../../client/participate.js';
import { checkServerAddress } from '../../client/server-address.js';
import { engineNames } from '../../shared/engine/choose-engine.js';
import { TandemError } from '../../shared/errors.js';
import { tryFolder } from '../../storage/try-folder.js';
import { writeLayersFiles } from '../../storage/write-layers-files.js';
import { testLine } from '../../shared/test-progress.js';
import { noBytes } from '../../shared/protocol/byte-meter.js';
import { entryOptions, withEntryFlags, type EntryFlags } from '../entry-flags.js';
import { createLog } from '../log.js';
import { dataHelp, loadClientData } from '../load-data.js';
import { skipFlag } from '../own/data-flags.js';
import { loadEngine } from '../load-engine.js';
import { attempt, fail, succeed } from '../outcome.js';
import { megabytes } from '../report.js';
import { alignedFlag, atLeastOne, jsonFlag, logFlag, shardOf } from '../run-options.js';
import type { JointAnswers } from '../predict/joint-answers.js';
import { interruption, onAbort } from '../signals.js';

interface JoinFlags extends EntryFlags {
  readonly data: string;
  readonly skipUnreadable?: boolean;
  readonly shard?: [number, number];
  readonly party?: PartyName;
  readonly aligned?: boolean;
  readonly predict?: string;
  readonly out?: string;
  readonly limit?: number;
  readonly segments?: number;
  readonly bottom?: string;
  readonly state?: string;
  readonly saveModel?: string;
  readonly engine: string;
  readonly json: boolean;
  readonly logJson: boolean;
}

/** What `join --json` prints. */
interface JoinSummary extends Pick<JoinStep, 'run' | 'client' | 'bytes'> {
  readonly steps: number;
  readonly samples: number;
  readonly seconds: number;
}

const LINE_EVERY_MS = 2_000;
const GOODBYE_MS = 1_000;

export function addJoin(program: Command): void {
  const command = program
    .command('join <url>')
    .description('train the lower part of a model on data that stay here')
    .requiredOption('--data <data>', `what the run says how to read: a file or a folder; or ${dataHelp}`)
    .addOption(skipFlag())
    .option('--shard <i/n>', 'use only share i of n of the data (i from 0)', shardOf)
    .option('--party <which>', "vertical: active, which has the labels, or a passive party's number from 0", parseParty)
    .addOption(alignedFlag())
    .option('--predict <file>', "vertical: this party's columns of rows to predict to the active party after training")
    .option('--out <file>', 'with --predict, for the active party: a CSV file for the answers')
    .option('--limit <n>', 'training samples used (default: all)', atLeastOne)
    .option('--segments <n>', 'segments of the model to hold here (default: as the topology says)', atLeastOne)
    .option('--bottom <name>', "which of the task's bottoms to hold here (default: its own)")
    .option('--state <folder>', 'write this part in the run down there, and go on from there')
    .option('--save-model <folder>', 'take the merged model after the run, where the server gives it away')
    .addOption(new Option('--engine <name>', 'what computes').choices(engineNames).default('auto'));
  withEntryFlags(command)
    .addOption(jsonFlag())
    .addOption(logFlag())
    .addHelpText('after', '\nExample:\n  $ tandem join ws://127.0.0.1:8080 --data mnist --shard 0/3\n')
    .action(run);
}

async function run(url: string, flags: JoinFlags): Promise<void> {
  const log = createLog({ json: flags.logJson, write: (line) => process.stderr.write(line) });
  const interrupted = interruption((text) => log.warn(text));
  const startedMs = performance.now();
  let summary: JoinSummary = { run: '', client: 0, steps: 0, samples: 0, seconds: 0, bytes: noBytes };
  try {
    checkServerAddress(url);
    const { shard, party, aligned, limit, segments, bottom, state, saveModel } = flags;
    if (saveModel !== undefined) await tryFolder({ path: saveModel, flag: '--save-model' });
    if (state !== undefined) await tryFolder({ path: state, flag: '--state' });
    const answers = await answersOf(flags);
    const onLinkNews = (news: LinkNews) => log.warn(linkLine(news));
    // One way in for all of it: an invite may be good for one use only.
    const entrance = await Entrance.open(await entryOptions(flags));
    const { fetchReading } = await import('../../client/node/reading.js');
    const reading = () => fetchReading(entrance, url, onLinkNews);
    const known = await loadClientData(flags.data, reading, (line) => log.info(line), flags.skipUnreadable);
    const data = answers?.with(known) ?? known;
    const { join } = await import('../../client/node/join.js');
    const engine = await loadEngine(flags.engine, log);
    log.info(`joining ${url} with ${data.train.size.toLocaleString('en')} samples on ${engine.label}`);
    answers?.notes.forEach((line) => log.info(line));
    const chosen = {
      ...(shard ? { shard } : {}),
      ...(limit ? { limit } : {}),
      ...(segments ? { segments } : {}),
      ...(bottom ? { bottom } : {}),
    };
    const place = { ...(party === undefined ? {} : { party }), ...(aligned ? { aligned } : {}) };
    const asking = answers && party === 'active' ? { onPredictions: answers.take } : {};
    let nextLineMs = 0;
    /** Whether it is time for another line. */
    const now = () => {
      if (performance.now() < nextLineMs) return false;
      nextLineMs = performance.now() + LINE_EVERY_MS;
      return true;
    };
    const run = join(url, {
      data,
      loadedEngine: engine,
      onTrouble: (text) => log.warn(text),
      entrance,
      ...chosen,
      ...place,
      ...asking,
      ...(state === undefined ? {} : { state }),
      onLinkNews,
      onTesting: (progress) => now() && log.info(testLine(progress)),
    });
    const stopped = new Promise<never>((_resolve, reject) => {
      const give = () => reject(stoppedWith(state));
      // Without a state there is nobody to come back, which the server is told.
      onAbort(interrupted, () => {
        if (state === undefined) void run.leave();
        if (state === undefined) setTimeout(give, GOODBYE_MS);
        else give();
      });
    });
    const steps = run[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([steps.next(), stopped]);
      if (next.done) break;
      const { run, client, step, loss, seen, bytes } = next.value;
      const seconds = (performance.now() - startedMs) / 1000;
      summary = { run, client, steps: step, samples: seen, seconds, bytes };
      if (now()) log.info({ run, client, step }, `step ${step}  loss ${loss.toFixed(4)}  ${megabytes(bytes.total)}`);
    }
    const outcome = await run.finished;
    summary = { ...summary, seconds: (performance.now() - startedMs) / 1000, bytes: outcome.bytes };
    let model: string | undefined;
    const unsaved = await attempt(async () => {
      if (saveModel === undefined) return;
      const place = { path: saveModel, flag: '--save-model' };
      model = await writeLayersFiles(place, await download(url, { entrance, standing: 'known', onLinkNews }));
    });
    const text = sentence(summary, outcome) + (answers?.text ?? '') + (model ? `; wrote ${model}` : '');
    const result = { ...summary, ...answers?.summary, ...(model ? { model } : {}) };
    succeed(flags.json, result, text, unsaved ?? answers?.trouble);
  } catch (error) {
    fail(error, flags.json);
    // A generator that waits for the network cannot be told to return.
    if (interrupted.aborted) process.exit();
  }
}

/** Read only where there are any. */
async function answersOf(flags: JoinFlags): Promise<JointAnswers | undefined> {
  if (flags.predict === undefined && flags.out === undefined) return undefined;
  const { JointAnswers } = await import('../predict/joint-answers.js');
  return JointAnswers.open(flags);
}

function stoppedWith(state: string | undefined): TandemError {
  if (state === undefined) return new TandemError('CANCELLED', 'interrupted');
  const action = 'to go on from there, start it again with the same flags while the server waits for it (its --grace)';
  return new TandemError('CANCELLED', `interrupted; ${state} holds this part of the run`, action);
}

function sentence({ client, steps, samples, seconds, bytes }: JoinSummary, outcome: RunOutcome): string {
  const accuracy =
    outcome.testAccuracy === null ? '' : `; the model reaches ${(100 * outcome.testAccuracy).toFixed(2)} %`;
  return (
    `client ${client}: ${steps} steps, ${samples.toLocaleString('en')} samples in ${seconds.toFixed(1)} s, ` +
    `${megabytes(bytes.total)}${accuracy}`
  );
}

function parseParty(text: string): PartyName {
  if (text === 'active') return text;
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It must be active or a number from 0.');
  return Number(text);
}
