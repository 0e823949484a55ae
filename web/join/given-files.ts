import type { ClassifiedFile } from '../../client/browser/data/data-source.js';
import { csvColumns } from '../../shared/data/csv.js';
import { isSystemFile, type FoundFiles } from '../../shared/data/class-files.js';
import { sortOutImages } from '../../shared/data/image-files.js';
import { SOUNDS, sortOutSounds } from '../../shared/data/sound-files.js';
import { TandemError } from '../../shared/errors.js';

export type GivenFiles =
  | { readonly kind: 'images' | 'sounds'; readonly files: readonly ClassifiedFile[]; readonly notes: readonly string[] }
  | { readonly kind: 'table'; readonly file: File; readonly columns: readonly string[] };

export interface Found {
  readonly file: File;
  /** Below the folder that was chosen. */
  readonly path: string;
}

/** So many bytes of a table are read for the names of its columns. */
const HEAD_BYTES = 65_536;

const ALL = 'what was chosen';

/** Sorts out what was chosen: one CSV file, or images or sounds whose class is the folder they lie in. Throws BAD_DATA. */
export async function sortOut(found: readonly Found[]): Promise<GivenFiles> {
  const tables = found.filter(({ path }) => /\.csv$/i.test(path) && !path.split('/').some(isSystemFile));
  const [table, another] = tables;
  if (another)
    throw new TandemError(
      'BAD_DATA',
      `there are ${tables.length} tables, such as ${another.path}`,
      'choose one of them',
    );
  if (table) {
    const head = new Uint8Array(await table.file.slice(0, HEAD_BYTES).arrayBuffer());
    return { kind: 'table', file: table.file, columns: await csvColumns(head, table.file.name) };
  }
  const paths = found.map(({ path }) => path);
  const areSounds = paths.some((path) => SOUNDS.read.test(path) || SOUNDS.unread.test(path));
  const sorted = areSounds ? sortOutSounds(paths, ALL) : sortOutImages(paths, ALL);
  return { kind: areSounds ? 'sounds' : 'images', files: classified(found, sorted), notes: sorted.leftOut };
}

function classified(found: readonly Found[], { files, hasTest }: FoundFiles): ClassifiedFile[] {
  return files.flatMap(({ path, place, className, part }) => {
    const file = found[place]?.file;
    return file ? [{ file, path, label: className, ...(hasTest ? { isTest: part === 'test' } : {}) }] : [];
  });
}

/** A table that was chosen, as a source; the last column is the label until another one is chosen. */
export function chosenTable({ file, columns }: Extract<GivenFiles, { kind: 'table' }>) {
  return { kind: 'table', file, name: file.name, label: columns.at(-1) ?? '' } as const;
}

/** Folders that are named by numbers have these labels, also where some of the run's classes are missing; undefined for names of another kind. */
export function numberedClasses(files: readonly ClassifiedFile[], classes: readonly number[]): string[] | undefined {
  const areNumbers = files.every(({ label }) => /^\d+$/.test(label));
  return areNumbers && classes.length > 0 ? classes.map(String) : undefined;
}

/** The files of an input, with their folders where a folder was chosen. */
export function chosen(input: HTMLInputElement): Found[] {
  // The first part is the name of the folder that was chosen.
  return [...(input.files ?? [])].map((file) => ({ file, path: belowFirst(file.webkitRelativePath) || file.name }));
}

function belowFirst(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

/** What was dropped, folders read to their ends. */
export async function dropped(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found = (await Promise.all(entries.map(filesOf))).flat();
  const isOneFolder = entries.length === 1 && entries[0]?.isDirectory === true;
  return isOneFolder ? found.map(({ file, path }) => ({ file, path: belowFirst(path) })) : found;
}

async function filesOf(entry: FileSystemEntry): Promise<Found[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, path: entry.fullPath.replace(/^\//, '') }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // A reader answers some at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    for (const entry of some) all.push(entry);
  }
  return (await Promise.all(all.map(filesOf))).flat();
}
