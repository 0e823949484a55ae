import { join } from 'node:path';
import { open } from 'node:fs/promises';
import { refuseOneClass, type ClassedFile } from '../../../shared/data/class-folders.js';
import { decodeImage } from '../../../shared/data/decode-image.js';
import { storedSize } from '../../../shared/data/image-size.js';
import { sortOutImages } from '../../../shared/data/image-files.js';
import type { LeftOut } from '../../../shared/data/left-out.js';
import type { ImagePreparation } from '../../../shared/preparation/preparation.js';
import type { ClientData } from '../../../shared/data/dataset.js';
import { withFile } from '../../../storage/file-trouble.js';
import { bytesOf } from '../data/csv.js';
import { filesBelow } from '../data/files-below.js';
import { readImageFolder } from '../data/image-folder.js';
import { classesInOrder, classFacts, fewNotes } from './class-names.js';
import type { OwnSource } from './find-source.js';
import { leftOutOf, type Looked, type LookOptions } from './looked.js';
import { splitLine } from './split-line.js';

/** Pictures of one size up to this stay as they are; others are brought to it. */
const USUAL_SIDE = 64;
/** So many are looked at to tell sizes and colours of all. */
const [MOST_SIZES, MOST_COLOURS] = [500, 20];
const HEAD_BYTES = 65_536;

/** Finds out what a folder of pictures holds, one folder a class. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtImages(
  { paths }: OwnSource,
  { size: asked, skipUnreadable, onReading }: LookOptions,
): Promise<Looked> {
  const [folder = ''] = paths;
  const { files } = await filesBelow(folder);
  const { files: images, classNames, hasTest } = sortOutImages(files, folder, skipUnreadable);
  refuseOneClass(classNames, folder);
  const sizes = await sizesOf(folder, some(images, MOST_SIZES));
  const size = asked ?? sizeFor(sizes);
  const channels = (await areGrey(folder, some(images, MOST_COLOURS), leftOutOf({ skipUnreadable }))) ? 1 : 3;
  const classes = classesInOrder(classNames);
  const preparation: ImagePreparation = {
    kind: 'images',
    size,
    channels,
    ...(skipUnreadable ? { skipUnreadable } : {}),
    answer: { kind: 'classes', name: 'class', classes },
  };
  const unreadable = leftOutOf(preparation);
  const { sorted, ...data } = await read(folder, preparation, unreadable, (share) =>
    onReading?.(`reading ${folder}`, share),
  );
  const readable = images.filter(({ path }) => !unreadable.has(join(folder, path)));
  const [h, w] = size;
  const isSame = sizes.size === 1 && sizes.has(`${h} x ${w}`);
  const colours = channels === 1 ? 'grey' : 'in colour';
  return {
    preparation,
    data,
    facts: `${readable.length.toLocaleString('en')} pictures ${colours}, ${classFacts(readable, classes)}`,
    columns: [],
    rows: data.train.size,
    split: hasTest
      ? `${data.test?.size ?? 0} pictures, of the folder for it`
      : splitLine(data.train.size, data.test?.size ?? 0),
    notes: [
      isSame ? `all are ${h} x ${w}` : `brought to ${h} x ${w}, cut around the middle; they are ${sizeNames(sizes)}`,
      ...sorted,
      ...unreadable.notes,
      ...fewNotes(readable),
    ],
  };
}

/** Reads a folder of pictures as a preparation says. */
export async function readPictureFolder(folder: string, preparation: ImagePreparation): Promise<ClientData> {
  const unreadable = leftOutOf(preparation);
  const { counted, sorted, ...data } = await read(folder, preparation, unreadable);
  return { ...data, notes: [`${folder}: ${[...counted, ...sorted, ...unreadable.notes].join('; ')}`] };
}

function read(
  folder: string,
  { size, channels, answer, skipUnreadable = false }: ImagePreparation,
  unreadable: LeftOut,
  onRead?: (share: number) => void,
) {
  const classes = answer.kind === 'classes' ? { classes: answer.classes } : {};
  return readImageFolder(folder, { size, channels, skipUnreadable, ...classes }, unreadable, onRead);
}

type Images = readonly ClassedFile[];

function some(images: Images, most: number): Images {
  const step = Math.max(1, Math.floor(images.length / most));
  return images.filter((_, i) => i % step === 0).slice(0, most);
}

/** How many have which size, the most frequent first. */
async function sizesOf(folder: string, images: Images): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { path } of images) {
    const size = storedSize(await headOf(join(folder, path)));
    if (size) counts.set(size.join(' x '), (counts.get(size.join(' x ')) ?? 0) + 1);
  }
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

function headOf(path: string): Promise<Uint8Array> {
  return withFile('read', { path, flag: '--data' }, async () => {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  });
}

function sizeFor(sizes: ReadonlyMap<string, number>): readonly [number, number] {
  const [only = '', more] = [...sizes.keys()];
  const [h = 0, w = 0] = only.split(' x ').map(Number);
  const fits = more === undefined && h > 0 && Math.max(h, w) <= USUAL_SIDE;
  return fits ? [h, w] : [USUAL_SIDE, USUAL_SIDE];
}

function sizeNames(sizes: ReadonlyMap<string, number>): string {
  const names = [...sizes.keys()];
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} other sizes` : names.join(', ');
}

async function areGrey(folder: string, images: Images, leftOut: LeftOut): Promise<boolean> {
  for (const { path } of images) {
    const picture = await leftOut.read(path, async () => decodeImage(await bytesOf(join(folder, path)), path));
    const data = picture?.data ?? new Uint8Array();
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
    }
  }
  return true;
}
