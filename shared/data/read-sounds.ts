import { TandemError } from '../errors.js';
import { float32, int32 } from '../ndarray.js';
import type { SoundPreparation } from '../preparation/preparation.js';
import { soundEnergies, standardisedEnergies } from '../preparation/prepare-sound.js';
import { arrayDataset, type ClientData, type Dataset } from './dataset.js';
import { framesOf } from './log-mel.js';
import { LeftOut } from './left-out.js';
import { listNames } from './names.js';
import { keepForTest } from './test-share.js';
import { decodeWav } from './wav.js';

/** A sound that can be read, of a class that has a name. */
export interface ClassedSound {
  readonly path: string;
  readonly className: string;
  /** Whether it is one to test on; where none is, a share of all is kept. */
  readonly isTest: boolean;
  readonly bytes: () => Promise<Uint8Array>;
}

/**
 * Reads sounds as a run's preparation says: what Node and tabs both do with their bytes. Throws BAD_DATA that names the file that is of none of
 * the run's classes or cannot be read.
 */
export async function readSounds(
  sounds: readonly ClassedSound[],
  preparation: SoundPreparation,
  leftOut = new LeftOut({ skips: preparation.skipUnreadable }),
): Promise<ClientData> {
  const part = (isTest: boolean) => sounds.filter((sound) => sound.isTest === isTest);
  const classes = soundClasses(preparation);
  refuseStrangers(sounds, classes);
  const read = (isTest: boolean) => readPart(part(isTest), preparation, leftOut);
  const all = await read(false);
  const tested = part(true).length > 0 ? await read(true) : undefined;
  const about = { names: { classes }, notes: leftOut.notes };
  return tested ? { train: all, test: tested, ...about } : { ...keepForTest(all, undefined), ...about };
}

async function readPart(
  sounds: readonly ClassedSound[],
  preparation: SoundPreparation,
  leftOut: LeftOut,
): Promise<Dataset> {
  const size = framesOf(preparation.samplesPerSecond, preparation.seconds) * preparation.bands;
  const energies = new Float32Array(sounds.length * size);
  const read: ClassedSound[] = [];
  // One after the other: a folder may hold more than memory does.
  for (const sound of sounds) {
    const own = await leftOut.read(sound.path, async () =>
      soundEnergies(decodeWav(await sound.bytes(), sound.path), preparation),
    );
    if (own) energies.set(own, size * (read.push(sound) - 1));
  }
  leftOut.refuseEmpty(read.length);
  const kept = energies.subarray(0, read.length * size);
  return soundSet(read, standardisedEnergies(kept, preparation), preparation);
}

/** Sounds that have become numbers, [sounds, frames, bands], with the numbers of their classes. */
export function soundSet(
  sounds: readonly { readonly className: string }[],
  values: Float32Array,
  how: Pick<SoundPreparation, 'samplesPerSecond' | 'seconds' | 'bands' | 'answer'>,
): Dataset {
  const classes = soundClasses(how);
  const shape = [sounds.length, framesOf(how.samplesPerSecond, how.seconds), how.bands];
  const labels = sounds.map(({ className }) => classes.indexOf(className));
  return arrayDataset([float32(shape, values)], [int32([sounds.length], labels)]);
}

export function soundClasses({ answer }: Pick<SoundPreparation, 'answer'>): readonly string[] {
  return answer.kind === 'classes' ? answer.classes : [];
}

function refuseStrangers(sounds: readonly ClassedSound[], classes: readonly string[]): void {
  const stranger = sounds.find(({ className }) => !classes.includes(className));
  if (!stranger) return;
  throw new TandemError(
    'BAD_DATA',
    `${stranger.path} is of class '${stranger.className}', which is none of the classes`,
    `the classes are ${listNames([...classes])}`,
  );
}
