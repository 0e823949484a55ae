import { join } from 'node:path';
import type { ClientData } from '../../../shared/data/dataset.js';
import { checkFields } from '../../../shared/fields/check-fields.js';
import { flag, like, list, optional, text, whole, type Fields } from '../../../shared/fields/rules.js';
import type { ClassedFile } from '../../../shared/data/class-folders.js';
import { numberedLabels, sortOutImages } from '../../../shared/data/image-files.js';
import { LeftOut } from '../../../shared/data/left-out.js';
import { listNames } from '../../../shared/data/names.js';
import { labelsOf, readImages } from '../../../shared/data/read-images.js';
import { keepForTest, keptNote, testEveryRule } from '../../../shared/data/test-share.js';
import { bytesOf } from './csv.js';
import { filesBelow } from './files-below.js';

/** How pictures in a folder become samples. */
export interface ImageFolderOptions {
  /** The names of the classes in order; by default the folders' names, sorted, or the numbers they are. */
  readonly classes?: readonly string[];
  /** 3 for red, green and blue, 1 for grey. */
  readonly channels?: 1 | 3;
  /** Height and width to bring each picture to, cut to these proportions around the middle; by default all must have one size. */
  readonly size?: readonly [number, number];
  /** Without a folder `test`: one image in so many is kept for testing. */
  readonly testEvery?: number;
  /** Whether files that are no images are left out, counted and named. */
  readonly skipUnreadable?: boolean;
}

const side = whole(1, 65_535);
const imageFolderFields = {
  classes: optional(list(text)),
  channels: optional(like('1 or 3', (value) => value === 1 || value === 3)),
  size: optional(
    like(
      '[height, width]',
      (value) => Array.isArray(value) && value.length === 2 && value.every((each) => side.fault(each) === undefined),
    ),
  ),
  testEvery: testEveryRule,
  skipUnreadable: optional(flag),
} satisfies Fields<ImageFolderOptions>;

/**
 * Images as `folder/<class>/*.png|jpg|jpeg`, or `folder/train/<class>` and `folder/test/<class>`. Inputs [height, width,
 * channels] from 0 to 1, kept as bytes in memory; transparency is left out, and pictures stand as a person sees them. Links are
 * followed, hidden files left out. Throws CANNOT_READ, and BAD_DATA that names the file that is no image, whose class is not
 * known or that has another size.
 */
export async function loadImageFolder(
  folder: string,
  options: ImageFolderOptions = {},
  onRead?: (share: number) => void,
): Promise<ClientData> {
  checkFields('loadImageFolder()', options, imageFolderFields);
  const unreadable = new LeftOut({ skips: options.skipUnreadable });
  const { counted, sorted, ...data } = await readImageFolder(folder, options, unreadable, onRead);
  return { ...data, notes: [`${folder}: ${[...counted, ...sorted, ...unreadable.notes].join('; ')}`] };
}

/** The same, with what is to be said apart: how many there are, and what was left out when they were sorted. */
export async function readImageFolder(
  folder: string,
  { classes, channels = 3, size, testEvery, skipUnreadable }: ImageFolderOptions,
  unreadable: LeftOut,
  onRead?: (share: number) => void,
): Promise<Omit<ClientData, 'notes'> & { readonly counted: readonly string[]; readonly sorted: readonly string[] }> {
  const { files, folders } = await filesBelow(folder);
  const { files: images, hasTest, above, leftOut } = sortOutImages(files, folder, skipUnreadable);
  const part = (name: ClassedFile['part']) => images.filter((image) => image.part === name);
  const names = new Set(part('train').map(({ className }) => className));
  const labels = labelsOf([...names].sort(), classes);
  let done = 0;
  const read = (found: readonly ClassedFile[]) =>
    readImages(
      found.map(({ path, className }) => ({
        path: join(folder, path),
        className,
        bytes: () => {
          onRead?.(done++ / images.length);
          return bytesOf(join(folder, path));
        },
      })),
      labels,
      { channels, size, leftOut: unreadable },
    );
  const train = await read(part('train'));
  const data = hasTest ? { train, test: await read(part('test')) } : keepForTest(train, testEvery);
  const counted = [`${labels.size} classes: ${listNames([...labels.keys()])}`, ...(hasTest ? [] : [keptNote(data)])];
  const named = numberedLabels([...labels.keys()]) && !classes ? {} : { names: { classes: [...labels.keys()] } };
  return { ...data, ...named, counted, sorted: [...emptyNote(folders, names, above), ...leftOut] };
}

/** Folders that look like classes and have no pictures: they are none, since a tab would not even see them. */
function emptyNote(folders: readonly string[], classes: ReadonlySet<string>, above: string): string[] {
  const below = folders.flatMap((path) => (path.startsWith(above) ? [path.slice(above.length)] : []));
  const empty = below.filter((path) => path !== '' && !path.includes('/') && !classes.has(path.normalize('NFC')));
  return empty.length > 0 ? [`no class for folders without pictures: ${listNames(empty)}`] : [];
}
