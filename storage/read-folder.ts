import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeCheckpoint } from '../shared/checkpoint/format.js';
import { TandemError } from '../shared/errors.js';
import { withFile } from './file-trouble.js';
import { parseCheckpointFile, type CheckpointName } from './checkpoint-names.js';

/** A checkpoint in a state folder, as it lies there. */
export interface StoredFile extends CheckpointName {
  readonly file: string;
  readonly bytes: number;
  /** Undefined where a bit is not as it was written. */
  readonly content: unknown;
}

/** Looks at a state folder, newest first, without changing or locking it. Throws CANNOT_READ, and BAD_DATA when it holds no checkpoint. */
export async function readFolder(folder: string): Promise<StoredFile[]> {
  const files = await withFile('read', { path: folder }, () => readdir(folder));
  const matches = files.flatMap((file) => {
    const named = parseCheckpointFile(file);
    return named ? [{ file, ...named }] : [];
  });
  if (matches.length === 0) {
    throw new TandemError('BAD_DATA', `${folder} holds no checkpoint`, 'give the folder that --state was given');
  }
  const sorted = matches.sort((a, b) => a.name.localeCompare(b.name) || b.generation - a.generation);
  return Promise.all(
    sorted.map(async (match) => {
      const path = join(folder, match.file);
      const bytes = await withFile('read', { path }, () => readFile(path));
      const content = await decodeCheckpoint(bytes).catch(() => undefined);
      return { ...match, bytes: bytes.length, content };
    }),
  );
}
