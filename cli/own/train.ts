import { join } from 'node:path';
import type { RunOptions } from '../../shared/config.js';
import { resolveRun } from '../../shared/config.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { TandemError } from '../../shared/errors.js';
import type { EvaluationPoint } from '../../shared/events.js';
import { answerOf, figuresOf, sayFigure } from '../../shared/preparation/answer.js';
import type { Preparation } from '../../shared/preparation/preparation.js';
import type { Task } from '../../shared/task.js';
import { recordSettings } from '../../shared/settings-record.js';
import type { TransportName } from '../../simulator/transport-names.js';
import { VERSION } from '../../shared/version.js';
import { RUN_FORMAT, runFiles, runName, type RunRecord } from '../../storage/run-folder.js';
import { loadEngine } from '../load-engine.js';
import { onAbort } from '../signals.js';
import { EpochProgress } from './epoch-progress.js';
import { RunRecorder } from './run-recorder.js';

/** A run that is about to be trained, in a folder that has its task. */
export interface RunPlan {
  readonly folder: string;
  readonly task: Task;
  readonly data: ClientData;
  readonly preparation: Preparation;
  readonly options: RunOptions;
  readonly lines: readonly string[];
  /** What an earlier process has written of the same run. */
  readonly earlier?: RunRecord | undefined;
}

export interface TrainHow {
  readonly jsonLog: boolean;
  readonly transport: TransportName;
  readonly signal: (say: (text: string) => void) => AbortSignal;
}

const PATIENCE_MS = 5_000;

/** Trains a run in this process, and keeps it in its folder as it goes. Throws what `simulate` throws; the folder then says why. */
export async function trainRun(plan: RunPlan, how: TrainHow): Promise<RunRecorder> {
  const { folder, task, data, preparation, options } = plan;
  const settings = resolveRun(task, options);
  const answer = answerOf(preparation);
  const say = ({ testLoss, metrics }: EvaluationPoint) =>
    Object.entries(figuresOf(answer, testLoss, metrics))
      .map(([name, value]) => (name === 'loss' ? `test loss ${value?.toPrecision(3) ?? '-'}` : sayFigure(name, value)))
      .join('  ');
  const progress = new EpochProgress({ jsonLog: how.jsonLog, epochs: settings.epochs, say });
  const recorder = new RunRecorder(folder, recordOf(plan, recordSettings(settings)), (message) =>
    progress.log.warn(message),
  );
  const interrupted = how.signal((text) => progress.log.warn(text));
  try {
    await recorder.begin();
    const { simulate } = await import('../../simulator/simulate.js');
    const loadedEngine = await loadEngine(settings.engine, progress.log);
    const work = simulate({
      ...options,
      task,
      data,
      transport: how.transport,
      loadedEngine,
      ...(settings.schedule.clients === 'none' ? {} : { state: join(folder, runFiles.state) }),
      signal: interrupted,
      onModel: recorder.onModel,
      onEvent: (event) => {
        progress.onEvent(event);
        recorder.onEvent(event);
      },
    });
    const result = await Promise.race([work, patienceAfter(interrupted)]);
    progress.stop();
    const { testAnswers } = await import('./test-answers.js');
    const answers = data.test && (await testAnswers(task, settings.seed, result.trained.weights, data.test, answer));
    await recorder.finish(result, answers);
    return recorder;
  } catch (error) {
    progress.stop();
    await recorder.end(error);
    throw error;
  }
}

/** Who asked for an end waits for a last checkpoint, but not for long: the one before is there. */
function patienceAfter(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () =>
      reject(new TandemError('CANCELLED', 'the run was stopped', 'go on with it: tandem train --resume'));
    onAbort(signal, () => setTimeout(late, PATIENCE_MS));
  });
}

function recordOf({ folder, data, task, preparation, options, lines, earlier }: RunPlan, settings: object): RunRecord {
  if (earlier) return { ...earlier, status: 'running', error: null, endedAt: null };
  return {
    format: RUN_FORMAT,
    name: runName(folder),
    status: 'running',
    error: null,
    task: runFiles.task,
    preparation,
    data: { path: task.data ?? '', trainRows: data.train.size, testRows: data.test?.size ?? 0 },
    settings: { ...settings },
    options,
    command: ['tandem', ...process.argv.slice(2)],
    versions: { tandem: VERSION, node: process.version },
    startedAt: new Date().toISOString(),
    endedAt: null,
    decided: lines,
    curve: [],
    metrics: {},
  };
}
