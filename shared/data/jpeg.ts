import { orientationIn } from './exif.js';
import type { Picture } from './picture.js';

/** More would take a device minutes and gigabytes. */
const MOST_MEGAPIXELS = 100;
const MOST_MEGABYTES = 1024;

/**
 * Reads a JPEG with the same decoder in Node and in every browser, whose own ones differ by a grey level here and there and
 * apply colour profiles. Throws an Error that says what is broken, or that its colours are those of print.
 */
export async function decodeJpeg(
  file: Uint8Array,
): Promise<{ readonly picture: Picture; readonly orientation: number }> {
  const { precision, components, orientation } = headOf(file);
  if (precision !== 8) throw new Error(`it has ${precision} bits a colour, 8 can be read`);
  if (components !== 1 && components !== 3)
    throw new Error(`it has ${components} colours, as in print: save it as RGB`);
  const { default: jpeg } = await import('jpeg-js');
  const { width, height, data } = jpeg.decode(file, {
    useTArray: true,
    tolerantDecoding: false,
    maxResolutionInMP: MOST_MEGAPIXELS,
    maxMemoryUsageInMB: MOST_MEGABYTES,
  });
  return { picture: { width, height, data }, orientation };
}

/** What stands before the pixels. */
function headOf(file: Uint8Array): { precision: number; components: number; orientation: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let orientation = 1;
  for (let at = 2; at + 10 <= file.length;) {
    if (file[at] !== 0xff) throw new Error('it is broken before its pixels');
    const marker = file[at + 1] ?? 0;
    const length = view.getUint16(at + 2);
    if (marker === 0xff) at++;
    else if (isFrame(marker)) return { precision: file[at + 4] ?? 0, components: file[at + 9] ?? 0, orientation };
    else {
      const isExif =
        marker === 0xe1 &&
        length >= 8 &&
        new TextDecoder('latin1').decode(file.subarray(at + 4, at + 10)) === 'Exif\0\0';
      if (isExif) orientation = orientationIn(file.subarray(at + 10, at + 2 + length));
      at += 2 + length;
    }
  }
  throw new Error('it ends before its pixels');
}

/** Where size and colours stand, whatever the way of coding: the markers 0xc0 to 0xcf but three. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
