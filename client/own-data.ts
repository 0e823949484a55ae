import type { Batch } from '../shared/data/dataset.js';
import type { IdentifiedData } from '../shared/data/row-ids.js';
import { TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import type { AligningSnapshot } from './alignment/aligning-party.js';
import { BottomTrainer } from './bottom-trainer.js';
import { CommonRows } from './common-rows.js';
import type { ParticipateOptions } from './participate-options.js';
import { TrainingData, type RowChecks } from './training-data.js';
import type { WholeTrainer } from './whole-trainer.js';

/** A client's data as its run uses them: its share of them, and in a vertical run the rows that all parties have. */
export class OwnData {
  private constructor(
    private readonly options: ParticipateOptions,
    private readonly welcome: Message<'welcome'>,
    private readonly trainer: BottomTrainer | WholeTrainer,
    private data: TrainingData,
    /** Of a vertical run. */
    private readonly rows: CommonRows | undefined,
  ) {}

  /** Throws where the data do not fit what the client holds, or its run; `restored` is how far the matching of rows was. */
  static async open(
    data: IdentifiedData,
    options: ParticipateOptions,
    welcome: Message<'welcome'>,
    trainer: BottomTrainer | WholeTrainer,
    restored: AligningSnapshot | null | undefined,
  ): Promise<OwnData> {
    const joint = trainer instanceof BottomTrainer ? trainer.joint : undefined;
    if (data.toPredict?.size) refuseToPredict(joint !== undefined, welcome);
    const dealt = await TrainingData.open(data, welcome, options, checksOf(trainer));
    const aligned = { here: options.aligned ?? false, run: joint?.aligned ?? false };
    const rows = joint && (await CommonRows.open(data, aligned, restored));
    return new OwnData(options, welcome, trainer, dealt, rows);
  }

  get batches(): TrainingData {
    return this.data;
  }

  /** How many samples there are; undefined as long as a vertical run matches them. */
  async sizes(): Promise<TrainingData['sizes'] | undefined> {
    if (!this.rows) return this.data.sizes;
    const { data } = this.rows;
    if (!data) return undefined;
    // All parties of a vertical run shuffle alike.
    const limit = this.options.limit ?? this.welcome.limit ?? undefined;
    const own = limit === undefined ? {} : { limit };
    const given = this.data.sizes.toPredict;
    this.data = await TrainingData.open(data, { ...this.welcome, client: 0 }, own, checksOf(this.trainer));
    const { sizes } = this.data;
    if (given === 0 || sizes.toPredict > 0) return sizes;
    const what = `none of the ${given} rows to predict is one of which all parties have given their columns`;
    throw new TandemError('BAD_DATA', what, 'give all parties the same rows to predict, with their ids, or none');
  }

  /** Answers one message of the matching of rows. Throws BAD_STATE where there is none. */
  answer(message: Message<'align' | 'points' | 'common'>): Promise<Message<'points' | 'aligned'>> {
    if (!this.rows) throw new TandemError('BAD_STATE', 'the server matches rows in a run that has no parties');
    return this.rows.answer(message);
  }

  snapshot(): AligningSnapshot | null {
    return this.rows?.snapshot() ?? null;
  }
}

function checksOf(trainer: BottomTrainer | WholeTrainer): RowChecks {
  const labelled = (batch: Batch) => trainer.check(batch);
  return {
    labelled,
    toPredict: (batch) => (trainer instanceof BottomTrainer ? trainer.checkToPredict(batch) : undefined),
  };
}

/** Throws BAD_OPTION where nobody would predict them. */
function refuseToPredict(isVertical: boolean, { capabilities }: Message<'welcome'>): void {
  if (!isVertical) {
    const what = 'rows to predict came with the data, which only parties of a vertical run give';
    throw new TandemError('BAD_OPTION', what, 'leave them out, and ask for predictions after the run: tandem predict');
  }
  if (capabilities.includes('predictions')) return;
  const what =
    'there are rows to predict, and the server has an older Tandem, which does not predict rows of a vertical run';
  throw new TandemError('BAD_OPTION', what, 'leave them out, or update the server');
}
