import { Entrance } from '../../client/node/connect.js';
import { predict } from '../../client/node/predict.js';
import { fetchReading } from '../../client/node/reading.js';
import { findSource } from '../../client/node/own/find-source.js';
import { readAsked } from '../../client/node/own/asked-data.js';
import type { RunLabels } from '../../client/predict.js';
import { checkBatch } from '../../shared/contract.js';
import { consecutiveBatches } from '../../shared/data/batch-order.js';
import type { Batch, Dataset } from '../../shared/data/dataset.js';
import { matchNames } from '../../shared/data/match-names.js';
import { readRows } from '../../shared/data/check-dataset.js';
import type { MetricName, MetricValue } from '../../shared/metrics/metrics.js';
import { addScores, meanScores, noScores } from '../../shared/metrics/scores.js';
import type { NdArray } from '../../shared/ndarray.js';
import { answerOf } from '../../shared/preparation/answer.js';
import type { RunReading } from '../../shared/run-reading.js';
import { entryOptions, type EntryFlags } from '../entry-flags.js';
import { isReadByTask, loadData, withSkipping } from '../load-data.js';
import { tellOfLink } from '../outcome.js';
import { askedDataset, inputsOf, takeAnswers, type Answered, type Meaning } from './asked.js';
import { meaningOfLabels } from './meaning-of-labels.js';
import type { AskRunOptions } from './ask-run.js';

export interface AskServerFlags extends EntryFlags {
  readonly engine: string;
  readonly bottom?: string;
}

export interface ServerFigures {
  readonly samples: number;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** Whether they are in the label's own unit. */
  readonly isOwn: boolean;
}

/** Small enough for any run's limit on rows in a message. */
const ROWS = 16;

/** Split inference: the bottom computes here, the server's part there; labels are not sent. Throws what the server refuses, BAD_DATA and CANNOT_WRITE. */
export async function askServer(url: string, options: AskRunOptions, flags: AskServerFlags): Promise<ServerFigures> {
  // One way in for all of it: an invite may be good for one use only.
  const entrance = await Entrance.open(await entryOptions(flags));
  const { engine, bottom } = flags;
  const how = { entrance, engine, onLinkNews: tellOfLink, ...(bottom === undefined ? {} : { bottom }) };
  const reading = isReadByTask(options.data) ? await fetchReading(entrance, url, tellOfLink) : null;
  return reading ? askRaw(url, reading, options, how) : askRead(url, options, how);
}

type How = Parameters<typeof predict>[2];

/** Data as they lie on disk, read as the run says. */
async function askRaw(
  url: string,
  { preparation, chances }: RunReading,
  { data: path, labels, limit, out, onNote, skipUnreadable = false }: AskRunOptions,
  how: How,
): Promise<ServerFigures> {
  const data = await readAsked(
    await findSource(path, labels, { mayBeOne: true }),
    withSkipping(preparation, skipUnreadable),
  );
  data.notes.forEach(onNote);
  const size = Math.min(data.size, limit ?? data.size);
  const unlabelled = async function* (): AsyncGenerator<Batch> {
    for await (const { inputs } of inputsOf(data, size, ROWS)) yield { inputs, labels: [] };
  };
  const meaning = { answer: answerOf(preparation), chances: chances ?? undefined };
  const answers = answered(predict(url, unlabelled(), how));
  return { ...(await takeAnswers(answers, data, meaning, out)), isOwn: true };
}

/** Data that a loader reads, judged by the task's metrics. */
async function askRead(
  url: string,
  { data: name, limit, out, onNote }: AskRunOptions,
  how: How,
): Promise<ServerFigures> {
  const data = await loadData(name, undefined, onNote);
  let test = data.test ?? data.train;
  const size = Math.min(test.size, limit ?? test.size);
  let scores = noScores;
  let of: RunLabels | undefined;
  const asked: Batch[] = [];
  const answers = predict(
    url,
    batchesOf(() => test, size, asked),
    {
      ...how,
      onLabels: (told) => {
        of = told;
        test = matchNames({ ...data, train: test }, told.names).data.train;
      },
    },
  );
  const judged = async function* () {
    for await (const answer of answers) {
      const labels = asked.shift()?.labels ?? [];
      if (of) {
        checkBatch({ tensors: [], labels: of.labels, maxRows: ROWS }, [], labels, 'label');
        scores = addScores(scores, suitable(of), labels, answer.outputs, 0, { kind: of.labels[0]?.kind });
      }
      yield answer;
    }
  };
  let samples = 0;
  if (out === undefined) for await (const { outputs } of judged()) samples += outputs[0]?.shape[0] ?? 0;
  else {
    const first = await firstOf(answered(judged()));
    const meaning = meaningOf(of, first.value);
    ({ samples } = await takeAnswers(first.all, askedDataset(test), meaning, out));
  }
  return { samples, metrics: meanScores(scores).metrics, isOwn: false };
}

/** Looks at the first of several: what outputs mean is known when it is there. */
async function firstOf(answers: AsyncGenerator<Answered>) {
  const first = await answers.next();
  const all = async function* () {
    if (!first.done) yield first.value;
    yield* answers;
  };
  return { value: first.done ? undefined : first.value, all: all() };
}

function meaningOf(of: RunLabels | undefined, first: Answered | undefined): Meaning {
  const width = first ? first.outputs.length / first.rows.length : 1;
  return meaningOfLabels(of ?? { labels: [], names: {} }, width, 'leave --out out');
}

async function* answered(
  predictions: AsyncIterable<{ readonly outputs: readonly NdArray[] }>,
): AsyncGenerator<Answered> {
  let done = 0;
  for await (const { outputs } of predictions) {
    const from = done;
    done += outputs[0]?.shape[0] ?? 0;
    const rows = Int32Array.from({ length: done - from }, (_, i) => from + i);
    yield { rows, outputs: Float32Array.from(outputs[0]?.data ?? []) };
  }
}

/** Batches without their labels: those are compared here. The data are as the run calls things by the time they are asked for. */
async function* batchesOf(dataset: () => Dataset, size: number, asked: Batch[]): AsyncGenerator<Batch> {
  for (const rows of consecutiveBatches(size, ROWS)) {
    const batch = await readRows(dataset(), rows, 'data');
    asked.push(batch);
    yield { inputs: batch.inputs, labels: [] };
  }
}

/** The task's metrics, and the one that says most of labels of their kind. */
function suitable({ labels: [label], metrics }: RunLabels): MetricName[] {
  const first: readonly MetricName[] =
    label?.kind === undefined ? [] : label.kind === 'number' ? ['meanAbsoluteError'] : ['accuracy'];
  return [...new Set([...first, ...metrics])];
}
