import { basename, dirname, join } from 'node:path';
import { isSystemFile } from '../../../shared/data/class-files.js';
import { decodeImage } from '../../../shared/data/decode-image.js';
import { channelsOf } from '../../../shared/data/image-set.js';
import { pixelsOf } from '../../../shared/data/read-images.js';
import { decodeWav, resampled } from '../../../shared/data/wav.js';
import { framesOf } from '../../../shared/data/log-mel.js';
import { TandemError } from '../../../shared/errors.js';
import { float32, sizeOf, type NdArray } from '../../../shared/ndarray.js';
import type { ImagePreparation, SoundPreparation } from '../../../shared/preparation/preparation.js';
import type { RawRow } from '../../../shared/preparation/raw-row.js';
import { soundEnergies, standardisedEnergies } from '../../../shared/preparation/prepare-sound.js';
import { bytesOf } from '../data/csv.js';
import { filesBelow } from '../data/files-below.js';
import type { AskedData } from './asked-data.js';
import { isOneFile, PICTURE, SOUND, type OwnSource } from './find-source.js';
import { leftOutOf } from './looked.js';

const SCALE = 1 / 255;

/** Pictures, one or a folder of them; those in a folder named by a class are of it. */
export function askedPictures(source: OwnSource, preparation: ImagePreparation): Promise<AskedData> {
  const { size, channels } = preparation;
  return askedFiles(source, preparation, {
    kind: PICTURE,
    shape: [...size, channels],
    read: async (path) => {
      const pixels = await pixelsOf(await bytesOf(path), path, { size, channels });
      return Float32Array.from(pixels, (value) => value * SCALE);
    },
    raw: async (path) => {
      const { width, height, data: pixels } = await decodeImage(await bytesOf(path), path);
      return { image: { dtype: 'uint8', shape: [1, height, width, 3], data: channelsOf(pixels, 3) } };
    },
  });
}

/** Sounds, likewise. */
export function askedSounds(source: OwnSource, preparation: SoundPreparation): Promise<AskedData> {
  const { samplesPerSecond, seconds, bands } = preparation;
  const shape = [framesOf(samplesPerSecond, seconds), bands];
  const decoded = async (path: string) => decodeWav(await bytesOf(path), path);
  return askedFiles(source, preparation, {
    kind: SOUND,
    shape,
    read: async (path) => standardisedEnergies(soundEnergies(await decoded(path), preparation), preparation),
    raw: async (path) => {
      const data = resampled(await decoded(path), samplesPerSecond);
      return { sound: { dtype: 'float32', shape: [1, data.length], data } };
    },
  });
}

interface FileReading {
  readonly kind: RegExp;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly read: (path: string) => Promise<Float32Array>;
  readonly raw: (path: string) => Promise<RawRow>;
}

/**
 * Files are read when they are asked about: a folder may hold more than memory does. Where those that cannot be read are left out, each is read
 * once before.
 */
async function askedFiles(
  { paths: [given = ''] }: OwnSource,
  { answer, skipUnreadable }: ImagePreparation | SoundPreparation,
  { kind, shape, read, raw }: FileReading,
): Promise<AskedData> {
  const isOne = await isOneFile(given);
  const folder = isOne ? dirname(given) : given;
  const all = isOne ? [basename(given)] : (await filesBelow(given)).files;
  const found = all.filter((path) => kind.test(path) && !path.split('/').some(isSystemFile)).sort();
  const unreadable = leftOutOf({ skipUnreadable });
  const readOne = (path: string) => unreadable.read(path, () => read(join(folder, path)));
  const files: string[] = [];
  for (const path of found) if (!skipUnreadable || (await readOne(path)) !== undefined) files.push(path);
  unreadable.refuseEmpty(files.length);
  if (files.length === 0) throw new TandemError('BAD_DATA', `${given} has no files to ask about`, 'check the path');
  const classes = answer.kind === 'classes' ? answer.classes : [];
  const labels = files.map((path) => classes.indexOf((path.split('/').at(-2) ?? '').normalize('NFC')));
  const size = sizeOf(shape);
  const unknown = labels.filter((label) => label < 0).length;
  return {
    size: files.length,
    inputs: async (rows): Promise<NdArray[]> => {
      const values = new Float32Array(rows.length * size);
      for (let i = 0; i < rows.length; i++) values.set((await readOne(files[rows[i] ?? -1] ?? '')) ?? [], i * size);
      return [float32([rows.length, ...shape], values)];
    },
    raw: (row) => raw(join(folder, files[row] ?? '')),
    hasLabels: unknown < files.length,
    label: (row) => ((labels[row] ?? -1) < 0 ? NaN : (labels[row] ?? NaN)),
    ids: { name: 'file', of: (row) => files[row] ?? '' },
    notes: [
      ...unreadable.notes,
      ...(unknown > 0 && unknown < files.length
        ? [`${unknown.toLocaleString('en')} files lie in no folder that is named by a class`]
        : []),
    ],
  };
}
