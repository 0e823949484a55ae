import { join } from 'node:path';
import { refuseOneClass, sortByClass, type ClassedFile } from '../../../shared/data/class-folders.js';
import { isSystemFile, leftOutOf } from '../../../shared/data/image-files.js';
import { subset, type ClientData } from '../../../shared/data/dataset.js';
import { framesOf } from '../../../shared/data/log-mel.js';
import { arrayDataset } from '../../../shared/data/dataset.js';
import { keepForTest } from '../../../shared/data/test-share.js';
import { decodeWav, type Sound } from '../../../shared/data/wav.js';
import { TandemError } from '../../../shared/errors.js';
import { float32, int32 } from '../../../shared/ndarray.js';
import { soundEnergies, standardisedEnergies } from '../../../shared/preparation/prepare-sound.js';
import { channelStatistics } from '../../../shared/preparation/statistics.js';
import type { SoundPreparation } from '../../../shared/preparation/preparation.js';
import { bytesOf } from '../data/csv.js';
import { filesBelow } from '../data/files-below.js';
import { classesInOrder, classFacts, fewNotes } from './class-names.js';
import { SOUND, type OwnSource } from './find-source.js';
import type { Looked, LookOptions } from './looked.js';
import { splitLine } from './split-line.js';

/** What people say and play lies below half of this. */
const MOST_SAMPLES_PER_SECOND = 16_000;
const BANDS = 40;
const MOST_SECONDS = 10;
/** Longer ones are cut. */
const COVERED = 0.95;

type Bare = Omit<SoundPreparation, 'means' | 'deviations'>;

/** Finds out what a folder of .wav files holds, one folder a class. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtSound({ paths }: OwnSource, { onReading }: LookOptions = {}): Promise<Looked> {
  const [folder = ''] = paths;
  const { found, leftOut } = await soundsBelow(folder);
  const classes = classesInOrder([...new Set(found.map(({ className }) => className))]);
  refuseOneClass(classes, folder);
  const sounds = await decoded(folder, found, (share) => onReading?.(`reading ${folder}`, share));
  const rate = usual(sounds.map(({ samplesPerSecond }) => samplesPerSecond));
  const lengths = sounds.map(({ data, samplesPerSecond }) => data.length / samplesPerSecond);
  const seconds = Math.min(MOST_SECONDS, Math.max(0.1, Math.ceil(10 * quantile(lengths, COVERED)) / 10));
  const bare: Bare = {
    kind: 'sound',
    samplesPerSecond: Math.min(MOST_SAMPLES_PER_SECOND, rate),
    seconds,
    bands: BANDS,
    answer: { kind: 'classes', name: 'class', classes },
  };
  const features = featuresOf(sounds, bare);
  const size = features.length / sounds.length;
  const { train, test } = split(found, features, bare, undefined);
  const trained = trainedRows(train.size, (row) => train.origin?.(row) ?? row, features, size);
  const preparation = { ...bare, ...channelStatistics(trained, BANDS) };
  const longer = lengths.filter((length) => length > seconds).length;
  const rates = [...new Set(sounds.map(({ samplesPerSecond }) => samplesPerSecond))].sort((a, b) => a - b);
  return {
    preparation,
    data: split(found, features, preparation, preparation),
    facts: `${found.length.toLocaleString('en')} sounds, ${classFacts(found, classes)}`,
    columns: [],
    rows: train.size,
    split: found.some(({ part }) => part === 'test')
      ? `${test?.size ?? 0} sounds, of the folder for it`
      : splitLine(train.size, test?.size ?? 0),
    notes: [
      `${rates.join(', ')} samples a second, brought to ${bare.samplesPerSecond}; ${quantile(lengths, 0).toFixed(1)} to ${quantile(lengths, 1).toFixed(1)} s long`,
      `the first ${seconds} s as energies of ${BANDS} bands of pitch, ${framesOf(bare.samplesPerSecond, seconds)} times` +
        (longer > 0 ? `; ${longer} longer ones are cut` : ''),
      ...wavNotes(found, sounds),
      ...leftOut,
      ...fewNotes(found),
    ],
  };
}

/** Reads a folder of sounds as a preparation says. */
export async function readSoundFolder(folder: string, preparation: SoundPreparation): Promise<ClientData> {
  const { found } = await soundsBelow(folder);
  return split(found, featuresOf(await decoded(folder, found), preparation), preparation, preparation);
}

/** Sounds nobody would want to lose without a word. */
const UNREAD = /\.(mp3|ogg|oga|opus|flac|m4a|aac|wma|aiff?|au|amr|weba|mid)$/i;

async function soundsBelow(folder: string) {
  const all = (await filesBelow(folder)).files.map((path, place) => ({ path, place }));
  const seen = all.filter(({ path }) => !path.split('/').some(isSystemFile));
  const unread = seen.find(({ path }) => UNREAD.test(path));
  if (unread)
    throw new TandemError(
      'BAD_DATA',
      `${unread.path} is a sound that is no .wav`,
      'convert it (ffmpeg -i in.mp3 out.wav), or move it elsewhere',
    );
  const { files, leftOut } = sortByClass(
    seen.filter(({ path }) => SOUND.test(path)).sort((a, b) => (a.path < b.path ? -1 : 1)),
    'sound',
  );
  const others = leftOutOf(
    all.length - seen.length,
    seen.filter(({ path }) => !SOUND.test(path)),
  );
  return { found: files, leftOut: [...leftOut, ...others] };
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

async function decoded(
  folder: string,
  found: readonly ClassedFile[],
  onRead?: (share: number) => void,
): Promise<Sound[]> {
  const sounds: Sound[] = [];
  for (const { path } of found) {
    onRead?.(sounds.length / found.length);
    sounds.push(decodeWav(await bytesOf(join(folder, path)), path));
  }
  return sounds;
}

function featuresOf(sounds: readonly Sound[], how: Bare): Float32Array {
  const size = framesOf(how.samplesPerSecond, how.seconds) * how.bands;
  const features = new Float32Array(sounds.length * size);
  sounds.forEach((sound, i) => features.set(soundEnergies(sound, how), i * size));
  return features;
}

/** Samples to train and to test on, standardised band by band once it is known how. */
function split(
  found: readonly ClassedFile[],
  features: Float32Array,
  { answer, samplesPerSecond, seconds, bands }: Bare,
  scale: Pick<SoundPreparation, 'means' | 'deviations'> | undefined,
): ClientData {
  const classes = answer.kind === 'classes' ? answer.classes : [];
  const stranger = found.find(({ className }) => !classes.includes(className));
  if (stranger)
    throw new TandemError(
      'BAD_DATA',
      `${stranger.path} is of none of the classes ${classes.join(', ')}`,
      'move it elsewhere',
    );
  const data = scale ? standardisedEnergies(features, { ...scale, bands }) : features;
  const labels = found.map(({ className }) => classes.indexOf(className));
  const shape = [found.length, framesOf(samplesPerSecond, seconds), bands];
  const all = arrayDataset([float32(shape, data)], [int32([found.length], labels)]);
  const rows = (isTest: boolean) => found.flatMap((sound, i) => ((sound.part === 'test') === isTest ? [i] : []));
  const names = { names: { classes } };
  if (rows(true).length > 0) return { train: subset(all, rows(false)), test: subset(all, rows(true)), ...names };
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
