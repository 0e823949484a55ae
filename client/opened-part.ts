import type { RunNames } from '../shared/data/run-names.js';
import { TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import { decodeModelDefinition } from '../shared/protocol/model-definition.js';
import type { Pace } from '../shared/protocol/pace.js';
import type { AligningSnapshot } from './alignment/aligning-party.js';
import { BottomTrainer } from './bottom-trainer.js';
import { ofServer } from './break-down.js';
import { namedData } from './named-data.js';
import { openTrainer } from './open-trainer.js';
import { OwnData } from './own-data.js';
import type { ParticipateOptions } from './participate-options.js';
import { PredictedRows } from './predictions.js';
import type { SessionInput } from './session-state.js';
import type { TrainingData } from './training-data.js';
import { WholeTrainer } from './whole-trainer.js';

/** What a client has once the server's model is open: its segments' trainer, and its data as the run uses them. */
export class OpenedPart {
  private constructor(
    /** The definition as the server sent it. */
    readonly model: Uint8Array,
    readonly trainer: BottomTrainer | WholeTrainer,
    readonly data: OwnData,
    /** The pace that the server gave, and the names that the server is told. */
    private readonly terms: { readonly pace: Pace; readonly names: RunNames },
    /** Of an active party that has rows to predict. */
    private readonly predicted: PredictedRows | undefined,
  ) {}

  /** Throws BAD_MESSAGE for a definition that is none, and what is wrong with the data. `restored` is how far the matching of rows was. */
  static async open(
    model: Uint8Array,
    welcome: Message<'welcome'>,
    options: ParticipateOptions,
    restored: AligningSnapshot | null | undefined,
  ): Promise<OpenedPart> {
    const { seed, client, batch: maxRows } = welcome;
    const { trainer, pace, names } = openTrainer(model, options.engine, { seed, client, maxRows });
    try {
      const own = namedData((await options.share?.(client)) ?? options.data, trainer, names);
      const data = await OwnData.open(own.data, options, welcome, trainer, restored);
      const given = own.data.toPredict?.size ?? 0;
      const isAsking = given > 0 && trainer instanceof BottomTrainer && trainer.joint?.active === true;
      const predicted = isAsking ? predictedRows(model, given, own.matched, options) : undefined;
      return new OpenedPart(model, trainer, data, { pace, names: own.names }, predicted);
    } catch (error) {
      trainer.dispose();
      throw error;
    }
  }

  /** The event that the model is open and the rows are known; undefined while a vertical run still matches them. */
  async ready(software: string | undefined): Promise<SessionInput | undefined> {
    const sizes = await this.data.sizes();
    const { holds } = this.trainer;
    return sizes && { kind: 'model-opened', ...sizes, ...this.terms, holds, software: software ?? null };
  }

  /** A batch of test samples, or of rows to predict, as a question. */
  async query(batch: number, toPredict = false): Promise<Message<'query'>> {
    const { batches, bottom } = this;
    if (toPredict) return bottom.ask(await batches.batchToPredict(batch), batch);
    return bottom.query(await batches.testBatch(batch), batch);
  }

  /** Keeps what the model says of a batch of rows to predict, which the active party alone is told. */
  async keep(answer: Message<'prediction'>): Promise<void> {
    const { predicted } = this;
    if (!predicted) return;
    const { outputs } = await this.bottom.finish(answer);
    ofServer(() => predicted.add(this.batches.givenAs(answer.id), outputs));
  }

  async givePredictions(): Promise<void> {
    await this.predicted?.give(this.batches.sizes.toPredict);
  }

  get batches(): TrainingData {
    return this.data.batches;
  }

  get bottom(): BottomTrainer {
    if (!(this.trainer instanceof BottomTrainer))
      throw new TandemError('BAD_STATE', 'the whole model is here, there is no cut');
    return this.trainer;
  }

  get whole(): WholeTrainer {
    if (!(this.trainer instanceof WholeTrainer)) throw new TandemError('BAD_STATE', 'the whole model is not here');
    return this.trainer;
  }

  dispose(): void {
    this.trainer.dispose();
  }
}

/** Throws BAD_OPTION where nobody would hear of them. */
function predictedRows(
  model: Uint8Array,
  given: number,
  names: RunNames,
  { onPredictions }: ParticipateOptions,
): PredictedRows {
  if (!onPredictions) {
    const what = `there are ${given} rows to predict, and nobody hears what the model says of them`;
    throw new TandemError('BAD_OPTION', what, 'give onPredictions, or leave the rows out');
  }
  const { labels } = decodeModelDefinition(model);
  return new PredictedRows({ given, labels, names }, onPredictions);
}
