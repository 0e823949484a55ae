import type { Dataset } from '../../../shared/data/dataset.js';
import { channelsOf, imageSet, type LabelledImage } from '../../../shared/data/image-set.js';
import { TandemError } from '../../../shared/errors.js';
import type { ClassifiedFile } from './data-source.js';

type Size = readonly [height: number, width: number, channels: number];

/**
 * Decodes images with the browser's own decoders and brings them to one size, cut to the right proportions around the
 * middle. Throws BAD_DATA that names the file that is no image or of no known class.
 */
export async function loadImages(
  files: readonly ClassifiedFile[],
  classes: readonly string[],
  size: Size,
): Promise<Dataset> {
  const images: LabelledImage[] = [];
  for (const { file, path, label: name } of files) {
    const label = classes.indexOf(name);
    if (label < 0) {
      throw new TandemError('BAD_DATA', `${path} is none of the classes`, `the classes are ${classes.join(', ')}`);
    }
    images.push({ pixels: await pixelsOf(file, path, size), label });
  }
  return imageSet(images, size);
}

/** Bytes [height, width, channels] of an image file. Throws BAD_DATA. */
export async function pixelsOf(file: Blob, path: string, [height, width, channels]: Size): Promise<Uint8Array> {
  const image = await createImageBitmap(file).catch(() => {
    throw new TandemError('BAD_DATA', `${path} is no image this browser can read`, 'give PNG or JPEG files');
  });
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new TandemError('MISSING', 'this browser cannot decode images in a worker', 'use a newer one');
  const scale = Math.min(image.width / width, image.height / height);
  const [w, h] = [width * scale, height * scale];
  context.drawImage(image, (image.width - w) / 2, (image.height - h) / 2, w, h, 0, 0, width, height);
  image.close();
  return channelsOf(context.getImageData(0, 0, width, height).data, channels);
}
