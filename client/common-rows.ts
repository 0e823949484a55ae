import { normalIds } from '../shared/alignment/ids.js';
import { subset, type Dataset } from '../shared/data/dataset.js';
import type { IdentifiedData } from '../shared/data/row-ids.js';
import { TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import { AligningParty, type AligningSnapshot } from './alignment/aligning-party.js';

/** All rows are matched in one go, so a row must be of the same kind at all parties. */
const TRAIN = 'train:';
const TEST = 'test:';
const TO_PREDICT = 'predict:';

/** A vertical party's rows in the order that all parties share: as they are, or once they have been matched by id. */
export class CommonRows {
  private constructor(
    private readonly all: IdentifiedData,
    private readonly aligning: AligningParty | undefined,
  ) {}

  /**
   * `aligned` says whether this party and the run take the rows to be in the common order. Both have to say so: rows are
   * never paired by hope. Throws BAD_OPTION when they do not agree, BAD_DATA where ids are needed and missing or wrong.
   */
  static async open(
    data: IdentifiedData,
    aligned: { readonly here: boolean; readonly run: boolean },
    restored?: AligningSnapshot | null,
  ): Promise<CommonRows> {
    if (aligned.run && !aligned.here) {
      throw new TandemError(
        'BAD_OPTION',
        "the run takes all parties' rows to be the same, in the same order, and this party has not said so",
        'join with --aligned if they are, or serve without it and match them by id',
      );
    }
    if (!aligned.run && aligned.here) {
      const what = 'the run matches rows by id, and this party was started for rows that are in order already';
      throw new TandemError('BAD_OPTION', what, 'join without --aligned, or serve with it');
    }
    if (aligned.run) return new CommonRows(data, undefined);
    return new CommonRows(data, await AligningParty.open({ ids: idsOf(data), restored: restored ?? undefined }));
  }

  /** The rows to train and test on; undefined as long as they are being matched. */
  get data(): IdentifiedData | undefined {
    if (!this.aligning) return this.all;
    const { rows } = this.aligning;
    if (!rows) return undefined;
    const { train, test, toPredict } = this.all;
    const among = (dataset: Dataset, first: number) =>
      subset(
        dataset,
        rows.filter((row) => row >= first && row < first + dataset.size).map((row) => row - first),
      );
    return {
      train: among(train, 0),
      ...(test ? { test: among(test, train.size) } : {}),
      ...(toPredict ? { toPredict: among(toPredict, train.size + (test?.size ?? 0)) } : {}),
    };
  }

  /** How far the matching is; null where there is none. */
  snapshot(): AligningSnapshot | null {
    return this.aligning?.snapshot() ?? null;
  }

  /** Answers one message of the matching. Throws BAD_STATE, BAD_MESSAGE or BAD_VALUE for one that does not fit. */
  async answer(message: Message<'align' | 'points' | 'common'>): Promise<Message<'points' | 'aligned'>> {
    if (!this.aligning) throw new TandemError('BAD_STATE', 'the server matches rows that are in order already');
    return this.aligning.answer(message);
  }
}

function idsOf({ ids, train, test, toPredict }: IdentifiedData): string[] {
  if (!ids) {
    throw new TandemError(
      'BAD_DATA',
      'the data have no ids to match the rows of the parties by',
      'give them a column of ids (docs/tasks.md), or say on all sides that the rows are in order already: --aligned',
    );
  }
  return [
    ...prefixed(ids.train, train.size, TRAIN, 'the training rows'),
    ...prefixed(ids.test, test?.size ?? 0, TEST, 'the test rows'),
    ...prefixed(ids.toPredict, toPredict?.size ?? 0, TO_PREDICT, 'the rows to predict'),
  ];
}

function prefixed(ids: readonly string[] | undefined, size: number, prefix: string, source: string): string[] {
  if (size === 0) return [];
  if (ids?.length !== size) {
    throw new TandemError('BAD_DATA', `${source} are ${size}, their ids ${ids?.length ?? 0}`, 'give each row an id');
  }
  return normalIds(ids, source).map((id) => prefix + id);
}
