import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeCheckpoint } from '../shared/checkpoint/format.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { withFile } from './file-trouble.js';
import { parseCheckpointFile, type CheckpointName } from './checkpoint-names.js';

/** A checkpoint in a state folder, as it lies there. */
export interface StoredFile extends CheckpointName {
  readonly file: string;
  readonly bytes: number;
  /** Undefined where it cannot be read. */
  readonly content: unknown;
  /** Why it cannot: BAD_VERSION for one of another format, or BAD_DATA where a bit is not as it was written. */
  readonly trouble: TandemError | null;
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
      try {
        return { ...match, bytes: bytes.length, content: await decodeCheckpoint(bytes), trouble: null };
      } catch (error) {
        return { ...match, bytes: bytes.length, content: undefined, trouble: asTandemError(error) };
      }
    }),
  );
}
