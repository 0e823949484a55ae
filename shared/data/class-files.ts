import { TandemError } from '../errors.js';
import { sortByClass, type ClassFolders } from './class-folders.js';

export interface FoundFiles extends ClassFolders {
  /** The names of the folders with files, sorted. */
  readonly classNames: readonly string[];
}

/** What is looked for in a folder. */
export interface FileKind {
  /** By the ends of their names. */
  readonly read: RegExp;
  /** Files of the kind that nobody would want to lose without a word. */
  readonly unread: RegExp;
  /** What is wrong with those, in a sentence that begins with their path. */
  readonly whyUnread: string;
  /** What to do with them. */
  readonly instead: string;
  /** What there should be, for where there is none. */
  readonly wanted: string;
  /** How one is called in a path. */
  readonly one: string;
  /** Folders whose names are no classes, and what they are, in a sentence that begins with a path. */
  readonly noClass?: { readonly is: (folder: string) => boolean; readonly why: string };
}

/** What systems and programs put into folders without being asked; whatever begins with a dot is hidden, too. */
const SYSTEM =
  /^(\..*|__macosx|thumbs\.db|ehthumbs\.db|desktop\.ini|icon\r|@eadir|#recycle|\$recycle\.bin|system volume information|lost\+found)$/i;

/** Whether a file or folder is one that systems hide or make. */
export function isSystemFile(name: string): boolean {
  return SYSTEM.test(name);
}

/**
 * Sorts out the files of a folder, given by their paths below it. The order is that of the names, whoever lists them. Throws BAD_DATA for
 * a file whose class nobody can tell, or that cannot be read unless `skips`; `source` names the folder.
 */
export function sortOutFiles(paths: readonly string[], source: string, kind: FileKind, skips = false): FoundFiles {
  const given = paths.map((path, place) => ({ path, place, names: path.split('/') }));
  const seen = given.filter(({ names }) => !names.some(isSystemFile));
  const unread = seen.find(({ path }) => kind.unread.test(path));
  if (unread && !skips) throw bad(`${unread.path} ${kind.whyUnread}`, kind.instead);
  const own = seen.filter(({ path }) => kind.read.test(path));
  if (own.length === 0) throw bad(`${source} has no folders with ${kind.wanted}`, `give folder/<class>/<${kind.one}>`);
  const sorted = sortByClass(own, kind.one);
  const classless = sorted.files.find(({ className }) => kind.noClass?.is(className));
  if (classless && kind.noClass)
    throw bad(
      `${classless.path} lies in '${classless.className}', ${kind.noClass.why}`,
      'sort them into folders, one a class',
    );
  const files = [...sorted.files];
  files.sort((a, b) => byText(a.part, b.part) || byText(a.className, b.className) || byText(a.path, b.path));
  const classNames = [...new Set(files.map(({ className }) => className))].sort(byText);
  const others = seen.filter(({ path }) => !kind.read.test(path));
  const leftOut = [...sorted.leftOut, ...leftOutOf(given.length - seen.length, others)];
  return { ...sorted, files, classNames, leftOut };
}

function leftOutOf(hidden: number, others: readonly { readonly path: string }[]): string[] {
  const [first] = others;
  return [
    ...(hidden > 0 ? [`${hidden} hidden ${hidden === 1 ? 'file' : 'files'} left out`] : []),
    ...(first
      ? [`${others.length} other ${others.length === 1 ? 'file' : 'files'} left out, such as ${first.path}`]
      : []),
  ];
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function bad(message: string, action: string): TandemError {
  return new TandemError('BAD_DATA', message, action);
}
