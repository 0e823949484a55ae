import { TandemError } from '../../../shared/errors.js';
import type { Preparation } from '../../../shared/preparation/preparation.js';
import type { OwnSource } from './find-source.js';

/** Data of another kind than a model was made for. */
export function otherKind(source: OwnSource, preparation: Preparation): TandemError {
  return new TandemError(
    'BAD_DATA',
    `${source.paths.join(', ')} is of the kind '${source.kind}', and the model was made for '${preparation.kind}'`,
    'give data like those it was trained on',
  );
}
