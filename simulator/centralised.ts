import { BatchOrder, consecutiveBatches } from '../shared/data/batch-order.js';
import type { ClientData, Dataset } from '../shared/data/dataset.js';
import type { RunSettings } from '../shared/config.js';
import type { Engine, Segment } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { OnEvent } from '../shared/events.js';
import { buildSegments } from '../shared/model/build.js';
import { addScores, noScores, type Scores } from '../shared/metrics/scores.js';
import { noBytes } from '../shared/protocol/byte-meter.js';
import { optimizerOf, type Task } from '../shared/task.js';
import type { RunResult } from '../server/run/summarise.js';
import { summarise } from '../server/run/summarise.js';
import { trainedWeights } from '../server/run/trained-model.js';

export interface CentralisedOptions {
  readonly task: Task;
  readonly settings: RunSettings;
  readonly data: ClientData;
  readonly engine: Engine;
  readonly onEvent?: OnEvent;
}

/** The baseline: the undivided model, one segment, on all the data in this process; nothing is sent. */
export async function trainCentralised(options: CentralisedOptions): Promise<RunResult> {
  const { task, settings, data, engine, onEvent } = options;
  const { specs, weights } = buildSegments(task, settings.seed, []);
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
  const steps = Math.min(settings.steps, settings.epochs * order.stepsPerEpoch);
  onEvent?.({ kind: 'round-started', round: 0, planned: steps });
  const startedMs = performance.now();
  let samples = 0;
  for (let step = 0; step < steps; step++) {
    const batch = await data.train.batch(order.rows(step));
    const { loss = NaN } = await segment.forward(batch, step);
    if (!Number.isFinite(loss)) throw new TandemError('BAD_VALUE', `the loss of step ${step + 1} is ${loss}`);
    await segment.backward();
    await segment.update();
    const rows = batch.labels[0]?.shape[0] ?? 0;
    samples += rows;
    onEvent?.({ kind: 'step', step: step + 1, client: 0, loss, samples: rows });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const scores = data.test ? await evaluate(segment, data.test, options) : noScores;
  const trained = trainedWeights(task, settings.seed, specs, [await segment.weights()]);
  segment.dispose();
  const clients = [{ client: 0, samples, steps, bytes: noBytes }];
  const facts = { task: task.name, settings: { ...settings, clients: 1 }, transport: 'none', engine: engine.label };
  const summary = summarise({ ...facts, steps, samples, seconds, scores, clients, weightsHash: trained.hash });
  return { summary, clients, trained };
}

async function evaluate(
  segment: Segment,
  test: Dataset,
  { task, settings, onEvent }: CentralisedOptions,
): Promise<Scores> {
  let scores = noScores;
  onEvent?.({ kind: 'evaluating', samples: test.size });
  for (const rows of consecutiveBatches(test.size, settings.batch)) {
    const batch = await test.batch(rows);
    const { outputs, loss = NaN } = await segment.predict(batch);
    scores = addScores(scores, task.metrics, batch.labels, outputs, loss);
    onEvent?.({ kind: 'evaluated', samples: rows.length });
  }
  return scores;
}
