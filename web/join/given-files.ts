import type { ClassifiedFile } from '../../client/browser/data/data-source.js';
import { TandemError } from '../../shared/errors.js';

export type GivenFiles =
  | { readonly kind: 'images'; readonly files: readonly ClassifiedFile[] }
  | { readonly kind: 'table'; readonly file: File; readonly columns: readonly string[] };

interface Found {
  readonly file: File;
  readonly path: string;
}

const IMAGE = /\.(png|jpe?g|webp|gif|bmp)$/i;

/** Sorts out what was chosen: one CSV file, or images whose class is the folder they lie in. Throws BAD_DATA. */
export async function sortOut(found: readonly Found[]): Promise<GivenFiles> {
  const table = found.find(({ path }) => /\.csv$/i.test(path));
  if (table) {
    const head = await table.file.slice(0, 65_536).text();
    const columns = (head.split(/\r?\n/, 1)[0] ?? '').split(',').map((name) => name.trim().replace(/^"|"$/g, ''));
    return { kind: 'table', file: table.file, columns };
  }
  const files = found
    .filter(({ path }) => IMAGE.test(path))
    .map(({ file, path }) => ({ file, path, label: path.split('/').at(-2) ?? '' }));
  if (files.length === 0) {
    throw new TandemError('BAD_DATA', 'there are no images and no CSV file', 'give folder/<class>/<image>, or a .csv');
  }
  const loose = files.find(({ label }) => label === '');
  if (loose) {
    throw new TandemError('BAD_DATA', `${loose.path} lies in no folder, which would be its class`, 'give the folder');
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { kind: 'images', files };
}

/** Folders that are named by numbers have these labels, also where some of the run's classes are missing; undefined for names of another kind. */
export function numberedClasses(files: readonly ClassifiedFile[], classes: readonly number[]): string[] | undefined {
  const areNumbers = files.every(({ label }) => /^\d+$/.test(label));
  return areNumbers && classes.length > 0 ? classes.map(String) : undefined;
}

/** The files of an input, with their folders where a folder was chosen. */
export function chosen(input: HTMLInputElement): Found[] {
  return [...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** What was dropped, folders read to their ends. */
export async function dropped(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  return (await Promise.all(entries.map(filesOf))).flat();
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
