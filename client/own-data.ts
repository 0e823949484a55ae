import type { IdentifiedData } from '../shared/data/row-ids.js';
import { TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import type { AligningSnapshot } from './alignment/aligning-party.js';
import { BottomParty } from './bottom-party.js';
import { CommonRows } from './common-rows.js';
import type { ParticipateOptions } from './participate-options.js';
import { TrainingData } from './training-data.js';
import type { WholeParty } from './whole-party.js';

/** A client's data as its run uses them: its share of them, and in a vertical run the rows that all parties have. */
export class OwnData {
  private constructor(
    private readonly options: ParticipateOptions,
    private readonly welcome: Message<'welcome'>,
    private readonly party: BottomParty | WholeParty,
    private data: TrainingData,
    /** Of a vertical run. */
    private readonly rows: CommonRows | undefined,
  ) {}

  /** Throws where the data do not fit what the client holds, or its run; `restored` is how far the matching of rows was. */
  static async open(
    data: IdentifiedData,
    options: ParticipateOptions,
    welcome: Message<'welcome'>,
    party: BottomParty | WholeParty,
    restored: AligningSnapshot | null | undefined,
  ): Promise<OwnData> {
    const dealt = await TrainingData.open(data, welcome, options, (batch) => party.check(batch));
    const joint = party instanceof BottomParty ? party.joint : undefined;
    const aligned = { here: options.aligned ?? false, run: joint?.aligned ?? false };
    const rows = joint && (await CommonRows.open(data, aligned, restored));
    return new OwnData(options, welcome, party, dealt, rows);
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
    this.data = await TrainingData.open(data, { ...this.welcome, client: 0 }, own, (batch) => this.party.check(batch));
    return this.data.sizes;
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
