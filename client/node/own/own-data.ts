import type { ClientData } from '../../../shared/data/dataset.js';
import type { Preparation } from '../../../shared/preparation/preparation.js';
import { readOwnTable } from './large-table.js';
import type { OwnSource } from './find-source.js';
import { lookAtArrays, readOwnArrays } from './look-at-arrays.js';
import { lookAtIdx, readIdx } from './look-at-idx.js';
import { lookAtImages, readPictureFolder } from './look-at-images.js';
import { lookAtSound, readSoundFolder } from './look-at-sound.js';
import { lookAtTable } from './look-at-table.js';
import { otherKind } from './other-kind.js';
import type { Looked, LookOptions } from './looked.js';

/** Finds out what a person's data are, and how they become numbers, from the rows that are trained on. Throws CANNOT_READ and BAD_DATA. */
export function lookAt(source: OwnSource, options: LookOptions): Promise<Looked> {
  switch (source.kind) {
    case 'table':
      return lookAtTable(source, options);
    case 'images':
      return lookAtImages(source, options);
    case 'sound':
      return lookAtSound(source, options);
    case 'arrays':
      return lookAtArrays(source, options);
    case 'idx':
      return lookAtIdx(source);
  }
}

/** Reads data as a preparation says. Throws CANNOT_READ, and BAD_DATA where they are not of its kind. */
export function readOwn(source: OwnSource, preparation: Preparation): Promise<ClientData> {
  const [path = ''] = source.paths;
  switch (preparation.kind) {
    case 'table':
      if (source.kind === 'table') return readOwnTable(path, preparation.table);
      break;
    case 'images':
      if (source.kind === 'images') return readPictureFolder(path, preparation);
      if (source.kind === 'idx') return readIdx(source, preparation);
      break;
    case 'sound':
      if (source.kind === 'sound') return readSoundFolder(path, preparation);
      break;
    case 'arrays':
      if (source.kind === 'arrays') return readOwnArrays(source, preparation);
      break;
  }
  throw otherKind(source, preparation);
}
