import type { ClientData } from '../../../shared/data/dataset.js';
import type { Preparation } from '../../../shared/preparation/preparation.js';
import { TandemError } from '../../../shared/errors.js';
import { loadTable } from '../data/table.js';
import type { OwnSource } from './find-source.js';
import { lookAtTable } from './look-at-table.js';
import type { Looked, LookOptions } from './looked.js';

/** Finds out what a person's data are, and how they become numbers, from the rows that are trained on. Throws CANNOT_READ and BAD_DATA. */
export function lookAt(source: OwnSource, options: LookOptions): Promise<Looked> {
  switch (source.kind) {
    case 'table':
      return lookAtTable(source, options);
    default:
      throw new TandemError('BAD_OPTION', 'not yet');
  }
}

/** Reads data as a preparation says. Throws CANNOT_READ, and BAD_DATA where they are not of its kind. */
export function readOwn(source: OwnSource, preparation: Preparation): Promise<ClientData> {
  if (source.kind === 'table' && preparation.kind === 'table')
    return loadTable(source.paths[0] ?? '', preparation.table);
  throw otherKind(source, preparation);
}

function otherKind({ kind, paths }: OwnSource, preparation: Preparation): TandemError {
  return new TandemError(
    'BAD_DATA',
    `${paths.join(', ')} is of the kind '${kind}', and the model was made for '${preparation.kind}'`,
    'give data like those it was trained on',
  );
}
