import type { NdArray } from '../../../shared/ndarray.js';
import type { Preparation } from '../../../shared/preparation/preparation.js';
import type { RawRow } from '../../../shared/preparation/raw-row.js';
import { askedArrays } from './asked-arrays.js';
import { askedPictures, askedSounds } from './asked-files.js';
import { askedTable } from './asked-table.js';
import type { OwnSource } from './find-source.js';
import { otherKind } from './other-kind.js';

/** Samples that a trained model is asked about; they may have labels. */
export interface AskedData {
  readonly size: number;
  /** As the model takes them. */
  inputs(rows: ArrayLike<number>): NdArray[] | Promise<NdArray[]>;
  /** As it lies in the file, for a model that prepares it itself. */
  raw(row: number): RawRow | Promise<RawRow>;
  /** Whether there are labels at all. */
  readonly hasLabels: boolean;
  /** As the model is trained on; NaN where a sample has none that the model knows. */
  label(row: number): number;
  /** What tells samples apart beside their place: a column, or the file. */
  readonly ids?: { readonly name: string; readonly of: (row: number) => string };
  /** What was left out or is not known, a line each. */
  readonly notes: readonly string[];
}

/** Reads data that a model is asked about, as its preparation says: the decoders that training has. Throws CANNOT_READ and BAD_DATA. */
export async function readAsked(source: OwnSource, preparation: Preparation): Promise<AskedData> {
  switch (preparation.kind) {
    case 'table':
      if (source.kind === 'table') return askedTable(source, preparation);
      break;
    case 'images':
      if (source.kind === 'images') return askedPictures(source, preparation);
      if (source.kind === 'idx') return askedArrays(source, preparation);
      break;
    case 'sound':
      if (source.kind === 'sound') return askedSounds(source, preparation);
      break;
    case 'arrays':
      if (source.kind === 'arrays') return askedArrays(source, preparation);
      break;
  }
  throw otherKind(source, preparation);
}
