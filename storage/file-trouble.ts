import { TandemError } from '../shared/errors.js';

/** What a system's code for an error of a file says, and what helps. */
const reasons: Readonly<Record<string, readonly [why: string, action: string]>> = {
  ENOSPC: ['there is no room left', 'make room there'],
  EDQUOT: ['the quota of this user is used up', 'make room there'],
  EACCES: ['this user may not do that', 'give this user the right to'],
  EPERM: ['this user may not do that', 'give this user the right to'],
  EROFS: ['it is read-only', 'mount it for writing'],
  ENOENT: ['it is not there', 'check the path'],
  ENOTDIR: ['a part of the path is a file and no folder', 'check the path'],
  EEXIST: ['there is something else already', 'move that away'],
  EISDIR: ['it is a folder', 'check the path'],
  ENAMETOOLONG: ['the name is too long', 'shorten it'],
  ELOOP: ['its links lead in a circle', 'check the path'],
  EMFILE: ['this process has too many files open', 'raise the limit (ulimit -n)'],
  ENFILE: ['this machine has too many files open', 'close other programs'],
  EIO: ['the disk fails', 'check the disk'],
  EBUSY: ['something else is using it', 'end that'],
  EINVAL: ['there can be no such file there', 'check the path'],
};

/** Where it says something else of what is to be written. */
const writing: typeof reasons = {
  ENOENT: ['there is no such folder, and it cannot be made', 'check the path'],
};

export type FileWork = 'write' | 'read';

export interface FilePlace {
  readonly path: string;
  /** How another path is given, such as `--save`. */
  readonly flag?: string | undefined;
}

/** An error of the file system as CANNOT_WRITE or CANNOT_READ, with the path, the cause and what to do; any other error as it is. */
export function fileTrouble(error: unknown, work: FileWork, { path, flag }: FilePlace): unknown {
  if (!isFileError(error)) return error;
  const [why, help] = (work === 'write' && writing[error.code]) ||
    reasons[error.code] || [error.message, 'check the path'];
  const action = flag === undefined ? help : `${help}, or give another ${flag}`;
  return new TandemError(
    work === 'write' ? 'CANNOT_WRITE' : 'CANNOT_READ',
    `cannot ${work} ${path}: ${why} (${error.code})`,
    action,
  );
}

/** Does something with a file or folder. Throws CANNOT_WRITE or CANNOT_READ where the file system refuses. */
export async function withFile<T>(work: FileWork, place: FilePlace, job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    throw fileTrouble(error, work, place);
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return error instanceof Error && typeof code === 'string' && (syscall !== undefined || Object.hasOwn(reasons, code));
}
