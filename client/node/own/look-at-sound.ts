import { join } from 'node:path';
import type { FoundFiles } from '../../../shared/data/class-files.js';
import { refuseOneClass, type ClassedFile } from '../../../shared/data/class-folders.js';
import { subset, type ClientData } from '../../../shared/data/dataset.js';
import type { LeftOut } from '../../../shared/data/left-out.js';
import { framesOf } from '../../../shared/data/log-mel.js';
import { readSounds, soundClasses, soundSet } from '../../../shared/data/read-sounds.js';
import { sortOutSounds } from '../../../shared/data/sound-files.js';
import { keepForTest } from '../../../shared/data/test-share.js';
import { decodeWav, type Sound } from '../../../shared/data/wav.js';
import { soundEnergies, standardisedEnergies } from '../../../shared/preparation/prepare-sound.js';
import { channelStatistics } from '../../../shared/preparation/statistics.js';
import type { SoundPreparation } from '../../../shared/preparation/preparation.js';
import { bytesOf } from '../data/csv.js';
import { filesBelow } from '../data/files-below.js';
import { classesInOrder, classFacts, fewNotes } from './class-names.js';
import type { OwnSource } from './find-source.js';
import { leftOutOf, type Looked, type LookOptions } from './looked.js';
import { splitLine } from './split-line.js';

/** What people say and play lies below half of this. */
const MOST_SAMPLES_PER_SECOND = 16_000;
const BANDS = 40;
const MOST_SECONDS = 10;
/** Longer ones are cut. */
const COVERED = 0.95;

type Bare = Omit<SoundPreparation, 'means' | 'deviations'>;

/** Finds out what a folder of .wav files holds, one folder a class. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtSound(
  { paths }: OwnSource,
  { skipUnreadable, onReading }: LookOptions = {},
): Promise<Looked> {
  const [folder = ''] = paths;
  const sorted = await soundsBelow(folder, skipUnreadable);
  const { classNames, hasTest, leftOut } = sorted;
  const classes = classesInOrder(classNames);
  refuseOneClass(classes, folder);
  const unreadable = leftOutOf({ skipUnreadable });
  const decoded = await decodeAll(folder, sorted.files, unreadable, (share) => onReading?.(`reading ${folder}`, share));
  const files = decoded.map(({ file }) => file);
  const sounds = decoded.map(({ sound }) => sound);
  const found = { ...sorted, files };
  const rate = usual(sounds.map(({ samplesPerSecond }) => samplesPerSecond));
  const lengths = sounds.map(({ data, samplesPerSecond }) => data.length / samplesPerSecond);
  const seconds = Math.min(MOST_SECONDS, Math.max(0.1, Math.ceil(10 * quantile(lengths, COVERED)) / 10));
  const bare: Bare = {
    kind: 'sound',
    samplesPerSecond: Math.min(MOST_SAMPLES_PER_SECOND, rate),
    seconds,
    bands: BANDS,
    ...(skipUnreadable ? { skipUnreadable } : {}),
    answer: { kind: 'classes', name: 'class', classes },
  };
  const features = featuresOf(sounds, bare);
  const size = features.length / sounds.length;
  const { train, test } = split(found, features, bare);
  const trained = trainedRows(train.size, (row) => train.origin?.(row) ?? row, features, size);
  const preparation = { ...bare, ...channelStatistics(trained, BANDS) };
  const longer = lengths.filter((length) => length > seconds).length;
  const rates = [...new Set(sounds.map(({ samplesPerSecond }) => samplesPerSecond))].sort((a, b) => a - b);
  return {
    preparation,
    data: split(found, standardisedEnergies(features, preparation), preparation),
    facts: `${files.length.toLocaleString('en')} sounds, ${classFacts(files, classes)}`,
    columns: [],
    rows: train.size,
    split: hasTest ? `${test?.size ?? 0} sounds, of the folder for it` : splitLine(train.size, test?.size ?? 0),
    notes: [
      `${rates.join(', ')} samples a second, brought to ${bare.samplesPerSecond}; ${quantile(lengths, 0).toFixed(1)} to ${quantile(lengths, 1).toFixed(1)} s long`,
      `the first ${seconds} s as energies of ${BANDS} bands of pitch, ${framesOf(bare.samplesPerSecond, seconds)} times` +
        (longer > 0 ? `; ${longer} longer ones are cut` : ''),
      ...wavNotes(files, sounds),
      ...leftOut,
      ...unreadable.notes,
      ...fewNotes(files),
    ],
  };
}

/** Reads a folder of sounds as a preparation says. */
export async function readSoundFolder(folder: string, preparation: SoundPreparation): Promise<ClientData> {
  const { files, leftOut } = await soundsBelow(folder, preparation.skipUnreadable);
  const sounds = files.map(({ path, className, part }) => ({
    path,
    className,
    isTest: part === 'test',
    bytes: () => bytesOf(join(folder, path)),
  }));
  const data = await readSounds(sounds, preparation, leftOutOf(preparation));
  return { ...data, notes: [...leftOut, ...(data.notes ?? [])] };
}

async function soundsBelow(folder: string, skipUnreadable?: boolean): Promise<FoundFiles> {
  return sortOutSounds((await filesBelow(folder)).files, folder, skipUnreadable);
}

/** What was not as usual in files that could be read. */
function wavNotes(found: readonly ClassedFile[], sounds: readonly Sound[]): string[] {
  const cut = found.filter((_, i) => sounds[i]?.isCut);
  const several = sounds.filter(({ channels = 1 }) => channels > 1).length;
  return [
    ...(several > 0 ? [`${several} have several channels: their mean is taken`] : []),
    ...(cut.length > 0
      ? [`${cut.length} end before they should, such as ${cut[0]?.path ?? ''}: read as far as they go`]
      : []),
  ];
}

interface ReadFile {
  readonly file: ClassedFile;
  readonly sound: Sound;
}

async function decodeAll(
  folder: string,
  found: readonly ClassedFile[],
  unreadable: LeftOut,
  onRead?: (share: number) => void,
): Promise<readonly ReadFile[]> {
  const decoded: ReadFile[] = [];
  for (const [i, file] of found.entries()) {
    onRead?.(i / found.length);
    const { path } = file;
    const sound = await unreadable.read(path, async () => decodeWav(await bytesOf(join(folder, path)), path));
    if (sound) decoded.push({ file, sound });
  }
  unreadable.refuseEmpty(decoded.length);
  return decoded;
}

function featuresOf(sounds: readonly Sound[], how: Bare): Float32Array {
  const size = framesOf(how.samplesPerSecond, how.seconds) * how.bands;
  const features = new Float32Array(sounds.length * size);
  sounds.forEach((sound, i) => features.set(soundEnergies(sound, how), i * size));
  return features;
}

/** Samples to train and to test on. */
function split({ files, hasTest }: FoundFiles, values: Float32Array, how: Bare): ClientData {
  const all = soundSet(files, values, how);
  const rows = (part: ClassedFile['part']) => files.flatMap((sound, i) => (sound.part === part ? [i] : []));
  const names = { names: { classes: soundClasses(how) } };
  if (hasTest) return { train: subset(all, rows('train')), test: subset(all, rows('test')), ...names };
  return { ...keepForTest(all, undefined), ...names };
}

function trainedRows(
  count: number,
  origin: (row: number) => number,
  features: Float32Array,
  size: number,
): Float32Array {
  const trained = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    const at = origin(row) * size;
    trained.set(features.subarray(at, at + size), row * size);
  }
  return trained;
}

function usual(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? MOST_SAMPLES_PER_SECOND;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
