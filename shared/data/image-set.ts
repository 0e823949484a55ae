import { TandemError } from '../errors.js';
import { int32, ndarray, sizeOf } from '../ndarray.js';
import { arrayDataset, type Dataset } from './dataset.js';
import { nearestByte } from './picture.js';

/** An image of a class, with as many bytes a pixel as it has channels. */
export interface LabelledImage {
  readonly pixels: Uint8Array;
  readonly label: number;
}

/** Images of one size, [height, width, channels], as samples from 0 to 1 that are kept as bytes. Throws BAD_DATA without any. */
export function imageSet(images: readonly LabelledImage[], size: readonly [number, number, number]): Dataset {
  if (images.length === 0)
    throw new TandemError('BAD_DATA', 'there are no images', 'give images of at least one class');
  const bytes = sizeOf(size);
  const all = new Uint8Array(images.length * bytes);
  images.forEach(({ pixels }, i) => all.set(pixels, i * bytes));
  const labels = images.map(({ label }) => label);
  return arrayDataset([ndarray('uint8', [images.length, ...size], all)], [int32([images.length], labels)], {
    uint8Scale: 1 / 255,
  });
}

/** The shares of red, green and blue in grey, as in Rec. 601. */
export const LUMA = [0.299, 0.587, 0.114] as const;

/** Grey is luma as in Rec. 601, so a grey image keeps its values. Transparency is left out. */
export function channelsOf(rgba: ArrayLike<number>, channels: number): Uint8Array {
  const pixels = rgba.length / 4;
  const at = (pixel: number, channel: number) => rgba[4 * pixel + channel] ?? 0;
  if (channels === 3) return Uint8Array.from({ length: 3 * pixels }, (_, i) => at(Math.floor(i / 3), i % 3));
  return Uint8Array.from({ length: pixels }, (_, i) =>
    nearestByte(LUMA[0] * at(i, 0) + LUMA[1] * at(i, 1) + LUMA[2] * at(i, 2)),
  );
}
