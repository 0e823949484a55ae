import { dirname } from 'node:path';
import { loadToPredict, type RowsToPredict } from '../../client/node/data/rows-to-predict.js';
import type { PartyName } from '../../client/participate-options.js';
import type { Predictions } from '../../client/predictions.js';
import type { ClientData } from '../../shared/data/dataset.js';
import type { IdentifiedData } from '../../shared/data/row-ids.js';
import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import { tryFolder } from '../../storage/try-folder.js';
import { takeAnswers, type Answered, type Meaning } from './asked.js';
import { meaningOfLabels } from './meaning-of-labels.js';

export interface JointFlags {
  readonly data: string;
  readonly predict?: string;
  readonly out?: string;
  readonly party?: PartyName;
}

/** What a party did with its rows to predict, for `--json`. */
export interface JointSummary {
  readonly predicted: number;
  readonly predictions?: string;
}

/** Rows that a party of a vertical run has predicted with the others, and the file that answers go to where it is the active one. */
export class JointAnswers {
  private told: Predictions | undefined;

  private constructor(
    private readonly own: RowsToPredict,
    private readonly out: string | undefined,
  ) {}

  /** Undefined without `--predict`. Throws BAD_OPTION for flags that do not fit each other, CANNOT_READ, BAD_DATA, and CANNOT_WRITE. */
  static async open({ data, predict, out, party }: JointFlags): Promise<JointAnswers | undefined> {
    refuseFlags(predict, out, party);
    if (predict === undefined) return undefined;
    if (out !== undefined) await tryFolder({ path: dirname(out), flag: '--out' });
    return new JointAnswers(await loadToPredict(predict, data), out);
  }

  /** The party's data with its rows to predict. */
  with(data: ClientData): IdentifiedData {
    const { rows, ids } = this.own;
    const known: IdentifiedData = data;
    const both = known.ids ? { ids: { ...known.ids, ...(ids ? { toPredict: ids.all } : {}) } } : {};
    return { ...data, toPredict: rows, ...both };
  }

  /** For the person whose rows they are: what was guessed in reading them, and who is told what of them. */
  get notes(): string[] {
    const rows = this.own.rows.size.toLocaleString('en');
    const who =
      this.out === undefined
        ? `gives its columns of ${rows} rows to predict: what the model says of those that all parties give is told to the active party, and to no other`
        : `asks what the model says of ${rows} rows, of those that all parties give`;
    return [...this.own.notes, who];
  }

  /** Writes the answers down. Throws CANNOT_WRITE, and BAD_OPTION for a model whose answers are no table. */
  readonly take = async (told: Predictions): Promise<void> => {
    this.told = told;
    const { rows, outputs } = told;
    const [first] = outputs;
    if (this.out === undefined || !first) return;
    const { ids } = this.own;
    const asked = {
      size: rows.length,
      inputs: () => [],
      hasLabels: false,
      label: () => NaN,
      ...(ids ? { ids: { name: ids.name, of: (row: number) => ids.all[row] ?? '' } } : {}),
      notes: [],
    };
    await takeAnswers(inOne(rows, first), asked, this.meaning(told, first), this.out);
  };

  /** What became of them, at the end of the run. */
  get summary(): JointSummary | undefined {
    if (!this.told) return undefined;
    const predicted = this.told.rows.length;
    return { predicted, ...(predicted > 0 && this.out !== undefined ? { predictions: this.out } : {}) };
  }

  get text(): string {
    if (!this.told || this.told.rows.length === 0) return '';
    const { rows, given, common } = this.told;
    const others = given - common;
    const lacking =
      others === 0
        ? ''
        : `; ${others.toLocaleString('en')} of ${given.toLocaleString('en')} rows are not known to all parties`;
    return `; ${rows.length.toLocaleString('en')} predictions in ${this.out ?? ''}${lacking}`;
  }

  /** Where some party was gone before all were answered. */
  get trouble(): TandemError | undefined {
    if (!this.told) return undefined;
    const { rows, common } = this.told;
    if (rows.length === common) return undefined;
    const what = `${common - rows.length} of ${common} rows were not predicted, since a party was gone by then`;
    return new TandemError('CLIENT_LOST', what, 'predict them in another run, with all parties there to the end');
  }

  /** Numbers in the unit of the party's own labels, where its schema has one. */
  private meaning({ labels, names }: Predictions, { shape }: NdArray): Meaning {
    const width = shape.slice(1).reduce((product, length) => product * length, 1);
    const meaning = meaningOfLabels({ labels, names }, width, 'leave --predict out');
    const label = this.own.schema.columns.find(({ kind }) => kind === 'label');
    if (meaning.answer.kind !== 'number' || label?.kind !== 'label') return meaning;
    const { name, mean = 0, deviation = 1 } = label;
    return { ...meaning, answer: { kind: 'number', name, mean, deviation } };
  }
}

function refuseFlags(predict: string | undefined, out: string | undefined, party: PartyName | undefined): void {
  const refuse = (what: string, action: string) => {
    throw new TandemError('BAD_OPTION', what, action);
  };
  if (predict === undefined) {
    if (out !== undefined) refuse('--out says where predictions go, and there is nothing to predict', 'give --predict');
    return;
  }
  if (party === undefined)
    refuse('--predict is for parties of a vertical run', 'give --party, or ask after the run: tandem predict');
  if (party === 'active' && out === undefined)
    refuse('the active party is told what is predicted, and --out does not say where it goes', 'give --out FILE');
  if (party !== 'active' && out !== undefined)
    refuse('--out is for the active party: a passive one is told no predictions', 'leave it out');
}

async function* inOne(rows: Int32Array, { data }: NdArray): AsyncGenerator<Answered> {
  yield await Promise.resolve({ rows, outputs: Float32Array.from(data) });
}
