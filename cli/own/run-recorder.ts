import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunResult } from '../../server/run/summarise.js';
import type { TestedModel } from '../../server/run/trained-model.js';
import { asTandemError } from '../../shared/errors.js';
import type { EvaluationPoint, RunEvent } from '../../shared/events.js';
import { bytesOf, type NdArray } from '../../shared/ndarray.js';
import { answerOf, figuresOf } from '../../shared/preparation/answer.js';
import {
  appendRunFile,
  runFiles,
  writeRunFile,
  writeRunRecord,
  type CurvePoint,
  type RunRecord,
} from '../../storage/run-folder.js';
import { curveCsv } from './curve-csv.js';
import { eventOf, firstEvent } from './events-file.js';
import { reportPage } from './report-page.js';
import type { TestAnswers } from './test-answers.js';

/** Keeps the folder of a run as it goes: whatever ends the process, all so far is there. */
export class RunRecorder {
  private record: RunRecord;
  private lossSum = 0;
  private lossSamples = 0;
  private readonly earlierSeconds: number;
  private readonly startedMs = performance.now();
  /** One file after the other. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    readonly folder: string,
    record: RunRecord,
    private readonly onTrouble: (message: string) => void,
  ) {
    this.record = record;
    this.earlierSeconds = record.curve.at(-1)?.seconds ?? 0;
  }

  /** The test figures of the model that is kept. */
  get metrics(): RunRecord['metrics'] {
    return this.record.metrics;
  }

  get curve(): readonly CurvePoint[] {
    return this.record.curve;
  }

  /** Throws CANNOT_WRITE. */
  async begin(): Promise<void> {
    await writeRunRecord(this.folder, this.record);
    await this.writeEvents();
  }

  readonly onEvent = (event: RunEvent): void => {
    if (event.kind === 'resumed') {
      // What came after the checkpoint is done again.
      this.record = { ...this.record, curve: this.record.curve.filter(({ steps }) => steps <= event.steps) };
      this.later(() => this.writeEvents());
    }
    if (event.kind === 'step') {
      this.lossSum += event.loss * event.samples;
      this.lossSamples += event.samples;
    }
    if (event.kind === 'scored') this.scored(event.evaluation);
  };

  readonly onModel = async ({ which, weights }: TestedModel): Promise<void> => {
    await this.keep(which === 'best' ? runFiles.best : runFiles.last, weights);
  };

  /** The run is over, and this is what it came to. Throws CANNOT_WRITE. */
  async finish({ summary, clients, trained }: RunResult, answers: TestAnswers | undefined): Promise<void> {
    await this.writing;
    const figures = figuresOf(answerOf(this.record.preparation), summary.testLoss, summary.metrics);
    const metrics = { ...figures, ...answers?.figures };
    this.record = { ...this.record, status: 'finished', endedAt: now(), metrics, summary, clients };
    await writeRunFile(this.folder, runFiles.best, Buffer.concat(trained.weights.map(bytesOf)));
    if (answers) await writeRunFile(this.folder, runFiles.predictions, answers.csv);
    await this.write();
    await rm(join(this.folder, runFiles.state), { recursive: true, force: true });
  }

  /** It has ended otherwise, and may go on. */
  async end(error: unknown): Promise<void> {
    const { code, message } = asTandemError(error);
    await this.writing;
    const status = code === 'CANCELLED' ? 'stopped' : 'failed';
    this.record = { ...this.record, status, endedAt: now(), error: { code, message } };
    await this.write();
  }

  private scored({ round, steps, samples, testLoss, metrics }: EvaluationPoint): void {
    const seconds = this.earlierSeconds + (performance.now() - this.startedMs) / 1000;
    const trainLoss = this.lossSamples > 0 ? this.lossSum / this.lossSamples : null;
    [this.lossSum, this.lossSamples] = [0, 0];
    const figures = figuresOf(answerOf(this.record.preparation), testLoss, metrics);
    const point = { round, steps, samples, seconds, trainLoss, testLoss, metrics: figures };
    const curve = [...this.record.curve.filter((before) => before.round < round), point];
    const isBest = curve.every((before) => (before.testLoss ?? Infinity) >= (testLoss ?? Infinity));
    this.record = { ...this.record, curve, ...(isBest ? { metrics: figures } : {}) };
    this.later(() => this.write());
    // TensorBoard goes on reading a file where it has stopped.
    this.later(() => appendRunFile(this.folder, runFiles.events, eventOf(point, this.record.startedAt)));
  }

  private writeEvents(): Promise<void> {
    const { curve, startedAt } = this.record;
    const events = [firstEvent(startedAt), ...curve.map((point) => eventOf(point, startedAt))];
    return writeRunFile(this.folder, runFiles.events, Buffer.concat(events));
  }

  private async write(): Promise<void> {
    await writeRunFile(this.folder, runFiles.curve, curveCsv(this.record.curve));
    await writeRunFile(this.folder, runFiles.report, reportPage(this.record));
    await writeRunRecord(this.folder, this.record);
  }

  private keep(name: string, weights: readonly NdArray[]): Promise<void> {
    this.later(() => writeRunFile(this.folder, name, Buffer.concat(weights.map(bytesOf))));
    return this.writing;
  }

  /** A disk that is full for a while ends no training; what could not be written is written with the next test. */
  private later(work: () => Promise<void>): void {
    this.writing = this.writing.then(work).catch((error: unknown) => this.onTrouble(asTandemError(error).line));
  }
}

function now(): string {
  return new Date().toISOString();
}
