import { BatchOrder } from '../shared/data/batch-order.js';
import type { ClientData, Dataset } from '../shared/data/dataset.js';
import { readRows } from '../shared/data/check-dataset.js';
import type { RunSettings } from '../shared/config.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { OnEvent } from '../shared/events.js';
import { checkBatch } from '../shared/contract.js';
import { checkedLabels } from '../shared/model/check-labels.js';
import { judging } from '../shared/model/judging.js';
import { buildSegments } from '../shared/model/build.js';
import type { NdArray } from '../shared/ndarray.js';
import { noBytes } from '../shared/protocol/byte-meter.js';
import { backward, forward, update } from '../shared/step/walk.js';
import { optimizerOf, type Task } from '../shared/task.js';
import type { RunResult } from '../server/run/summarise.js';
import { Stopwatch } from '../server/run/stopwatch.js';
import { summarise } from '../server/run/summarise.js';
import { trainedWeights, type TestedModel } from '../server/run/trained-model.js';
import { LocalEvaluations } from './local-evaluations.js';

export interface CentralisedOptions {
  readonly task: Task;
  readonly settings: RunSettings;
  readonly data: ClientData;
  readonly engine: Engine;
  readonly onEvent?: OnEvent;
  readonly onModel?: (model: TestedModel) => Promise<void>;
}

/**
 * The baseline: the undivided model, one segment, on all the data in this process; nothing is sent. A round is as many
 * steps as a round of the run's clients would have in all. Throws BAD_VALUE on a broken loss, and as a client would for data that do not fit.
 */
export async function trainCentralised(options: CentralisedOptions): Promise<RunResult> {
  const { task, settings, data, engine, onEvent } = options;
  const { specs, weights } = await buildSegments(task, settings.seed, []);
  const [spec] = specs;
  if (!spec) throw new TandemError('BAD_MODEL', `task '${task.name}' has an empty model`);
  const segment = await engine.segment({
    spec,
    weights: weights[0] ?? [],
    optimizer: optimizerOf(task, 0),
    loss: task.loss,
    seed: settings.seed,
    stream: 0,
  });
  const order = new BatchOrder({ size: data.train.size, batch: settings.batch, seed: settings.seed, client: 0 });
  const planned = Math.min(settings.steps, settings.epochs * order.stepsPerEpoch);
  const { roundSteps, topology } = settings;
  // Parties of a vertical run take each step together.
  const atOnce = topology.data === 'features' ? 1 : settings.clients;
  const perRound = roundSteps === undefined ? order.stepsPerEpoch : roundSteps * atOnce;
  const labels = checkedLabels(task, spec.outputs);
  const { kind, said } = judging(task, { specs }, 'server');
  onEvent?.(said);
  const contract = { tensors: spec.inputs, labels, maxRows: settings.batch };
  const read = async (dataset: Dataset, rows: ArrayLike<number>, what: string) => {
    const batch = await readRows(dataset, rows, `${what} data`);
    checkBatch(contract, batch.inputs, batch.labels, 'input');
    return batch;
  };
  const evaluations = new LocalEvaluations({ ...options, kind, read }, segment);
  const training = new Stopwatch();
  const tell = async (which: TestedModel['which'], own: readonly NdArray[]) =>
    options.onModel?.({ ...(await trainedWeights(task, settings.seed, specs, [own])), which });
  let [steps, samples, round] = [0, 0, 0];
  while (steps < planned && !evaluations.exhausted) {
    onEvent?.({ kind: 'round-started', round, planned });
    training.start();
    for (const end = Math.min(planned, steps + perRound); steps < end; steps++) {
      const batch = await read(data.train, order.rows(steps), 'training');
      const pass = await forward([segment], batch.inputs, steps, batch.labels);
      const { loss = NaN } = pass;
      if (!Number.isFinite(loss)) throw new TandemError('BAD_VALUE', `the loss of step ${steps + 1} is ${loss}`);
      await backward(pass);
      await update(pass);
      const rows = batch.labels[0]?.shape[0] ?? 0;
      samples += rows;
      onEvent?.({ kind: 'step', step: steps + 1, client: 0, loss, samples: rows });
    }
    training.stop();
    await evaluations.after(++round, { steps, samples, last: steps >= planned });
    if (evaluations.curve.length > 0) await tell('last', await segment.weights());
    if (evaluations.best?.round === round) await tell('best', await evaluations.weights());
  }
  const trained = await trainedWeights(task, settings.seed, specs, [await evaluations.weights()]);
  segment.dispose();
  const clients = [{ client: 0, samples, steps, bytes: noBytes }];
  const stopped = steps < planned ? 'patience' : steps >= settings.steps ? 'steps' : 'epochs';
  const { curve, best, scores } = evaluations;
  const course = {
    steps,
    samples,
    seconds: training.seconds,
    scores,
    clients,
    lost: [],
    stopped,
    best,
    evaluations: curve,
    evaluationBytes: 0,
  } as const;
  const facts = { task: task.name, settings: { ...settings, clients: 1 }, transport: 'none', engine: engine.label };
  const summary = summarise({ ...facts, ...course, weightsHash: trained.hash });
  return { summary, clients, trained };
}
