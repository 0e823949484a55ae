import { TandemError } from '../errors.js';
import { decodeImage } from './decode-image.js';
import type { Dataset } from './dataset.js';
import { numberedLabels } from './image-files.js';
import { channelsOf, imageSet, type LabelledImage } from './image-set.js';
import { fitted, type Picture } from './picture.js';
import { LeftOut } from './left-out.js';
import { listNames } from './names.js';

/** A picture that can be read, of a class that has a name. */
export interface ClassedImage {
  readonly path: string;
  readonly className: string;
  readonly bytes: () => Promise<Uint8Array>;
}

export interface ReadImagesOptions {
  /** 3 for red, green and blue, 1 for grey. */
  readonly channels: number;
  /** Height and width to bring each to, cut to the right proportions around the middle; without it all must have one size. */
  readonly size?: readonly [number, number] | undefined;
  /** Counts what cannot be read; by default nothing is left out. */
  readonly leftOut?: LeftOut | undefined;
}

/** The number of each class: its place among `classes`, or else the number that folders have as names, or else their place in order. */
export function labelsOf(
  classNames: readonly string[],
  classes: readonly string[] | undefined,
): ReadonlyMap<string, number> {
  const numbered = classes ? undefined : numberedLabels(classNames);
  return numbered ?? new Map((classes ?? classNames).map((name, label) => [name, label]));
}

/**
 * Decodes pictures, which have the same bytes in Node and in a tab. Throws BAD_DATA that names the file that is of no class of
 * `labels`, that cannot be read or that has another size.
 */
export async function readImages(
  images: readonly ClassedImage[],
  labels: ReadonlyMap<string, number>,
  { channels, size, leftOut = new LeftOut() }: ReadImagesOptions,
): Promise<Dataset> {
  const stranger = images.find(({ className }) => !labels.has(className));
  if (stranger) {
    const folders = listNames([...new Set(images.map(({ className }) => className))]);
    throw new TandemError(
      'BAD_DATA',
      `${stranger.path} is of class '${stranger.className}', which is none of the classes: the data have ${folders}`,
      `the classes are ${listNames([...labels.keys()])}`,
    );
  }
  const read: LabelledImage[] = [];
  let common = size;
  for (const { path, className, bytes } of images) {
    const label = labels.get(className) ?? 0;
    const pixels = await leftOut.read(path, async () => {
      const file = await bytes();
      if (size) return pixelsOf(file, path, { size, channels });
      const picture = await decodeImage(file, path);
      return channelsOf(sameSize(picture, (common ??= [picture.height, picture.width]), path).data, channels);
    });
    if (pixels) read.push({ pixels, label });
  }
  leftOut.refuseEmpty(read.length);
  return imageSet(read, [...(common ?? [0, 0]), channels]);
}

/** A picture brought to a size, with as many bytes a pixel as it is to have channels. Throws BAD_DATA. */
export async function pixelsOf(
  bytes: Uint8Array,
  path: string,
  { size: [height, width], channels }: { readonly size: readonly [number, number]; readonly channels: number },
): Promise<Uint8Array> {
  return channelsOf(fitted(await decodeImage(bytes, path), width, height).data, channels);
}

function sameSize(picture: Picture, [height, width]: readonly [number, number], path: string): Picture {
  if (picture.height === height && picture.width === width) return picture;
  throw new TandemError(
    'BAD_DATA',
    `${path} is ${picture.height} x ${picture.width}, those before it ${height} x ${width}`,
    'bring all to one size',
  );
}
