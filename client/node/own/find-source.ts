import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { isSystemFile } from '../../../shared/data/class-files.js';
import { PICTURES } from '../../../shared/data/image-files.js';
import { SOUNDS } from '../../../shared/data/sound-files.js';
import { TandemError } from '../../../shared/errors.js';
import { nearestName } from '../../../shared/fields/nearest-name.js';
import { withFile } from '../../../storage/file-trouble.js';

/** A person's data, as they lie on disk. */
export interface OwnSource {
  readonly kind: 'table' | 'images' | 'sound' | 'arrays' | 'idx';
  /** What it is called by; a file's name without its ending. */
  readonly name: string;
  /** As `--data` takes it: absolute; a pair with a comma between. */
  readonly data: string;
  /** The files or the folder. */
  readonly paths: readonly string[];
}

const TABLE = /\.(csv|tsv|txt|data|dat|test)$/i;
export const PICTURE = PICTURES.read;
export const SOUND = SOUNDS.read;
const ARRAY = /\.(npy|npz)$/i;
const IDX = /(ubyte|\.idx)(\.gz)?$/i;

export interface FindSourceOptions {
  /** Whether one picture or one sound will do, as where a model is asked. */
  readonly mayBeOne?: boolean;
}

/**
 * Tells what data are by what lies there: a table, arrays with or without a file of labels, a folder of pictures or of sounds. Two
 * paths may be given as one with a comma. Throws BAD_OPTION that says what there can be.
 */
export async function findSource(
  data: string,
  labels?: string,
  { mayBeOne = false }: FindSourceOptions = {},
): Promise<OwnSource> {
  const paths = (existsSync(data) ? [data] : data.split(',')).concat(labels ?? []).map((path) => resolve(path));
  const [first = ''] = paths;
  for (const path of paths) if (!existsSync(path)) throw await notThere(path);
  const source = (kind: OwnSource['kind']): OwnSource => ({ kind, name: nameOf(first), data: paths.join(','), paths });
  if ((await stat(first)).isDirectory()) return source(await kindOfFolder(first));
  if (ARRAY.test(first)) return source('arrays');
  if (IDX.test(basename(first)) || (await isIdx(first))) return source('idx');
  if (TABLE.test(first) && paths.length === 1) return source('table');
  if (mayBeOne && PICTURE.test(first)) return source('images');
  if (mayBeOne && SOUND.test(first)) return source('sound');
  throw unknown(first);
}

export async function isOneFile(path: string): Promise<boolean> {
  return withFile('read', { path }, async () => (await stat(path)).isFile());
}

/** Letters, digits, `-` and `_`, so that it can name a folder and a task. */
function nameOf(path: string): string {
  const plain = basename(path)
    .replace(/(\.gz)$/i, '')
    .replace(extname(path), '');
  return plain.replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-+|-+$/g, '') || 'data';
}

async function kindOfFolder(folder: string): Promise<OwnSource['kind']> {
  let looked = 0;
  for await (const name of namesBelow(folder, 4)) {
    if (SOUND.test(name)) return 'sound';
    if (PICTURE.test(name)) return 'images';
    if (IDX.test(name)) return 'idx';
    if (PICTURES.unread.test(name)) return 'images';
    // What is not read is refused by its name.
    if (SOUNDS.unread.test(name)) return 'sound';
    if (++looked > 10_000) break;
  }
  throw new TandemError(
    'BAD_OPTION',
    `${folder} holds no pictures (.png, .jpg), no sounds (.wav) and no idx files`,
    'give a folder with one folder a class, or a file: a .csv, .npy or .npz',
  );
}

async function* namesBelow(folder: string, depth: number): AsyncGenerator<string> {
  const entries = await withFile('read', { path: folder }, () => readdir(folder, { withFileTypes: true }));
  const seen = entries.filter(({ name }) => !isSystemFile(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const folders: string[] = [];
  for (const entry of seen) {
    const path = join(folder, entry.name);
    if (entry.isFile() || (entry.isSymbolicLink() && (await isOneFile(path)))) yield entry.name;
    else folders.push(path);
  }
  for (const path of folders) if (depth > 1) yield* namesBelow(path, depth - 1);
}

/** By its first four bytes: two zeros, the type and the number of dimensions. */
async function isIdx(path: string): Promise<boolean> {
  const file = await withFile('read', { path }, () => open(path));
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
    return bytesRead === 4 && buffer[0] === 0 && buffer[1] === 0 && [8, 9, 11, 12, 13, 14].includes(buffer[2] ?? 0);
  } finally {
    await file.close();
  }
}

async function notThere(path: string): Promise<TandemError> {
  // Where the folder cannot be read either, there is nothing to be meant.
  const names = await readdir(join(path, '..')).catch(() => []);
  const meant = nearestName(basename(path), names);
  return new TandemError(
    'BAD_OPTION',
    `there is nothing at ${path}`,
    meant ? `did you mean ${meant}?` : 'check the path',
  );
}

/** What people have beside these, and how it becomes one of them. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/\.(xlsx?|ods|numbers)$/i, 'save the sheet as CSV'],
  [
    /\.(jsonl?|ndjson|parquet|feather|arrow|sqlite3?|db|pkl|pickle|h5|hdf5|mat|arff|sav|dta|rds)$/i,
    'write it as CSV: in pandas, frame.to_csv("data.csv", index=False)',
  ],
  [/\.(zip|tar|tgz|7z|rar|gz|bz2|xz|zst)$/i, 'unpack it, and give the file or folder that was in it'],
  [/\.(png|jpe?g|wav|mp3|webp)$/i, 'give a folder with one folder a class'],
];

function unknown(path: string): TandemError {
  const advice = OTHERS.find(([ending]) => ending.test(path));
  if (advice) return new TandemError('BAD_OPTION', `${path} is of a kind that is not read as it is`, advice[1]);
  return new TandemError(
    'BAD_OPTION',
    `${path} is none of the data there can be`,
    'give a .csv table, a folder of pictures or of .wav sounds, a .npy pair, a .npz or idx files (docs/own-data.md)',
  );
}
