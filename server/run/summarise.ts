import { aggregationText } from '../../shared/aggregation.js';
import type { RunSettings } from '../../shared/config.js';
import type { EarlyStopping } from '../../shared/early-stopping.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { ClientAccount, EvaluationPoint, LostClient, RunSummary } from '../../shared/events.js';
import { meanScores, uncertaintyOf, type Scores } from '../../shared/metrics/scores.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import type { NdArray } from '../../shared/ndarray.js';
import { addBytes, noBytes } from '../../shared/protocol/byte-meter.js';
import { aggregates } from '../../shared/schedules.js';
import { OWN_BOTTOM } from '../../shared/task-fields.js';
import type { Task } from '../../shared/task.js';
import type { BottomContents } from './bottoms.js';
import { trainedWeights, type TrainedWeights } from './trained-model.js';

/** How a run went, in all and by client, and what it learned. */
export interface RunResult {
  readonly summary: RunSummary;
  readonly clients: readonly ClientAccount[];
  readonly trained: TrainedWeights;
}

/** What a run knows at its end. */
export interface RunFacts {
  readonly task: string;
  readonly settings: RunSettings;
  /** `websocket`, `loopback` or `none`. */
  readonly transport: string;
  readonly engine: string;
  readonly steps: number;
  readonly samples: number;
  readonly seconds: number;
  readonly scores: Scores;
  readonly stopped: RunSummary['stopped'];
  readonly evaluations: readonly EvaluationPoint[];
  readonly best: EarlyStopping['best'];
  readonly evaluationBytes: number;
  readonly clients: readonly ClientAccount[];
  readonly lost: readonly LostClient[];
  readonly weightsHash: string;
  readonly bottoms?: RunSummary['bottoms'];
}

/** The result of a run whose segments ended with these weights; `held` has the task's further bottoms too. */
export async function resultOf(
  { task, settings, engine, transport }: { task: Task; settings: RunSettings; engine: Engine; transport: string },
  course: Omit<RunFacts, 'task' | 'settings' | 'transport' | 'engine' | 'weightsHash'>,
  specs: readonly SegmentSpec[],
  segments: readonly (readonly NdArray[])[],
  held?: Pick<BottomContents, 'further' | 'samples'>,
): Promise<RunResult> {
  const trained = await trainedWeights(task, settings.seed, specs, segments);
  const facts = { ...course, task: task.name, settings, transport, engine: engine.label, weightsHash: trained.hash };
  const further = Object.entries(held?.further ?? {});
  if (!held || further.length === 0) return { summary: summarise(facts), clients: course.clients, trained };
  const names = [OWN_BOTTOM, ...further.map(([name]) => name)];
  const bottoms = names.map((name) => ({ name, samples: held.samples[name] ?? 0 }));
  const weights = Object.fromEntries(further.map(([name, content]) => [name, content.weights]));
  return {
    summary: summarise({ ...facts, bottoms }),
    clients: course.clients,
    trained: { ...trained, bottoms: weights },
  };
}

export function summarise(facts: RunFacts): RunSummary {
  const { task, settings, transport, engine, steps, samples, seconds, clients, weightsHash } = facts;
  const { stopped, evaluations, best, bottoms } = facts;
  const { loss, metrics } = meanScores(facts.scores);
  return {
    task,
    topology: settings.topology.name,
    schedule: settings.schedule.name,
    aggregation: aggregates(settings.schedule) ? aggregationText(settings.aggregation) : null,
    proximal: settings.proximal,
    transport,
    engine,
    clients: settings.clients,
    seed: settings.seed,
    steps,
    samples,
    seconds,
    samplesPerSecond: seconds > 0 ? samples / seconds : 0,
    stopped,
    testAccuracy: metrics.accuracy ?? null,
    testLoss: loss,
    metrics,
    approximate: uncertaintyOf(facts.scores),
    evaluations,
    best: best && { round: best.round, monitor: settings.monitor, value: best.value },
    evaluationBytes: facts.evaluationBytes,
    bytes: clients.reduce((sum, { bytes }) => addBytes(sum, bytes), noBytes),
    lost: facts.lost,
    weightsHash,
    ...(bottoms ? { bottoms } : {}),
  };
}
