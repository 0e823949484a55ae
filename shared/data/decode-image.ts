import { TandemError } from '../errors.js';
import { decodeJpeg } from './jpeg.js';
import { oriented, type Picture } from './picture.js';
import { decodePng } from './png.js';

/** Reads a PNG or JPEG file, whatever its name ends in, as a person sees it. Throws BAD_DATA that names the file. */
export async function decodeImage(file: Uint8Array, path: string): Promise<Picture> {
  const decode = decoderOf(file);
  if (!decode) throw new TandemError('BAD_DATA', `${path} is neither PNG nor JPEG inside`, 'convert it to one of them');
  try {
    const { picture, orientation } = await decode(file);
    return oriented(picture, orientation);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${path} cannot be read: ${why}`, 'mend it, or move it elsewhere');
  }
}

function decoderOf(file: Uint8Array) {
  const begins = (...bytes: number[]) => bytes.every((byte, i) => file[i] === byte);
  if (begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return decodePng;
  return begins(0xff, 0xd8, 0xff) ? decodeJpeg : undefined;
}
