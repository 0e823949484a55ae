import { TandemError } from '../errors.js';
import { sortByClass, type ClassedFile } from './class-folders.js';

/** One picture of a folder: where it stands in the list of files, and which class's folder it lies in. */
export type FoundImage = ClassedFile;

export interface FoundImages {
  readonly images: readonly FoundImage[];
  /** The names of the folders with pictures, sorted. */
  readonly classNames: readonly string[];
  /** Whether there are folders `train` and `test`; else all is in `train`. */
  readonly hasTest: boolean;
  /** The folder whose folders are the classes that are trained on: '' or a path that ends in a stroke. */
  readonly above: string;
  /** What was left out. */
  readonly leftOut: readonly string[];
}

/** What systems and programs put into folders without being asked; whatever begins with a dot is hidden, too. */
const SYSTEM =
  /^(\..*|__macosx|thumbs\.db|ehthumbs\.db|desktop\.ini|icon\r|@eadir|#recycle|\$recycle\.bin|system volume information|lost\+found)$/i;
const READ = /\.(png|jpe?g|jpe|jfif)$/i;
/** Pictures nobody would want to lose without a word. */
const UNREAD = /\.(webp|gif|bmp|heic|heif|tiff?|avif|jxl|jp2|svg|ico|dng|cr2|nef|arw)$/i;
/** Where cameras and telephones put all their pictures, whatever is on them. */
const CAMERA = /^(dcim|camera|camera roll|screenshots)$/i;
const CAMERA_CARD = /^\d{3}(?=\d*[A-Z_])[A-Z0-9_]{5}$/;

/** Whether a file or folder is one that systems hide or make. */
export function isSystemFile(name: string): boolean {
  return SYSTEM.test(name);
}

/**
 * Sorts out the files of a folder, given by their paths below it: `<class>/<image>`, or `train/<class>/<image>` and
 * `test/<class>/<image>`. The order is that of the names, whoever lists them. Throws BAD_DATA for a picture whose class nobody
 * can tell or that cannot be read; `source` names the folder.
 */
export function sortOutImages(paths: readonly string[], source: string): FoundImages {
  const files = paths.map((path, place) => ({ path, place, names: path.split('/') }));
  const seen = files.filter(({ names }) => !names.some(isSystemFile));
  const pictures = seen.filter(({ path }) => READ.test(path));
  const unread = seen.find(({ path }) => UNREAD.test(path));
  if (unread) throw bad(`${unread.path} is a picture that is neither PNG nor JPEG`, 'convert it, or move it elsewhere');
  if (pictures.length === 0)
    throw bad(`${source} has no folders with .png, .jpg or .jpeg images`, 'give folder/<class>/<image>');
  const { files: sorted, hasTest, above, leftOut } = sortByClass(pictures, 'image');
  const camera = sorted.find(({ className }) => CAMERA.test(className) || CAMERA_CARD.test(className));
  if (camera)
    throw bad(
      `${camera.path} lies in '${camera.className}', where cameras put pictures of all kinds`,
      'sort them into folders, one a class',
    );
  const images = [...sorted];
  images.sort((a, b) => byText(a.part, b.part) || byText(a.className, b.className) || byText(a.path, b.path));
  const classNames = [...new Set(images.map(({ className }) => className))].sort(byText);
  return {
    images,
    classNames,
    hasTest,
    above,
    leftOut: [
      ...leftOut,
      ...leftOutOf(
        files.length - seen.length,
        seen.filter(({ path }) => !READ.test(path)),
      ),
    ],
  };
}

/**
 * Folders that are named by whole numbers have these as labels, so that two people with other classes missing mean the same;
 * undefined where names are words, which then count in their order.
 */
export function numberedLabels(classNames: readonly string[]): ReadonlyMap<string, number> | undefined {
  if (!classNames.every((name) => /^(0|[1-9]\d{0,8})$/.test(name))) return undefined;
  return new Map(classNames.map((name) => [name, Number(name)]));
}

/** Files that are none of those that are read, counted. */
export function leftOutOf(hidden: number, others: readonly { readonly path: string }[]): string[] {
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
