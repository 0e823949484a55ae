import type { ClientData } from '../../../shared/data/dataset.js';
import type { ColumnLine } from '../../../shared/preparation/describe-columns.js';
import type { OwnKind } from '../../../shared/preparation/own-label.js';
import type { Preparation } from '../../../shared/preparation/preparation.js';

/** What a person may say of data instead of having it told from them. */
export interface LookOptions {
  readonly label?: string | undefined;
  readonly kind?: OwnKind | undefined;
  /** Tables: cells that say nothing. */
  readonly missing?: readonly string[] | undefined;
  /** Tables: columns of words that look like numbers. */
  readonly categories?: readonly string[] | undefined;
  /** Tables: columns that are left out. */
  readonly ignore?: readonly string[] | undefined;
  /** Tables: whether the first line names the columns. */
  readonly header?: boolean | undefined;
  /** Pictures: height and width. */
  readonly size?: readonly [number, number] | undefined;
}

/** What was found in data before anything is trained, for a person to see. */
export interface Looked {
  readonly preparation: Preparation;
  /** The same data read by it. */
  readonly data: ClientData;
  /** What lies there: so many rows, columns, sizes. */
  readonly facts: string;
  /** Tables: what each column holds. */
  readonly columns: readonly ColumnLine[];
  /** Samples to train on. */
  readonly rows: number;
  /** Which samples are tested on. */
  readonly split: string;
  /** What was guessed or changed, a line each. */
  readonly notes: readonly string[];
}
