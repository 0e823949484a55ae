import { LeftOut } from '../../../shared/data/left-out.js';
import type { ClientData } from '../../../shared/data/dataset.js';
import type { ColumnLine } from '../../../shared/preparation/describe-columns.js';
import type { OwnTableOptions } from '../../../shared/preparation/own-table.js';
import type { Preparation } from '../../../shared/preparation/preparation.js';

/** What a person may say of data instead of having it told from them. */
export interface LookOptions extends Omit<OwnTableOptions, 'hasTest'> {
  /** Tables: what separates cells; found by default. */
  readonly separator?: string | undefined;
  /** Told while much is read: what is done, and how much of it, from 0 to 1. */
  readonly onReading?: ((what: string, share: number) => void) | undefined;
  /** Whether files that cannot be read are left out. */
  readonly skipUnreadable?: boolean | undefined;
  /** Pictures: height and width. */
  readonly size?: readonly [number, number] | undefined;
}

/** What a person is told who has files that cannot be read. */
export const SKIP_ADVICE = 'leave such files out: --skip-unreadable';

/** What keeps count of files that cannot be read, and refuses the first where they are not to be left out. */
export function leftOutOf({ skipUnreadable }: Pick<LookOptions, 'skipUnreadable'>): LeftOut {
  return new LeftOut({ skips: skipUnreadable, advice: SKIP_ADVICE });
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
