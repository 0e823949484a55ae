import { TandemError } from '../errors.js';
import { int32, ndarray, sizeOf, type NdArray } from '../ndarray.js';
import { arrayDataset, type Dataset } from './dataset.js';

const UNSIGNED_BYTE = 8;

/** Reads an idx file of bytes, the format MNIST came in (LeCun et al., 1998). Throws BAD_DATA. */
export function parseIdx(file: Uint8Array): NdArray {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const rank = file[3] ?? 0;
  const header = 4 + 4 * rank;
  if (file.length < header || view.getUint16(0) !== 0 || file[2] !== UNSIGNED_BYTE) {
    throw new TandemError('BAD_DATA', 'this is not an idx file of unsigned bytes', 'unpack it first if it ends in .gz');
  }
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (file.length !== header + sizeOf(shape)) {
    throw new TandemError(
      'BAD_DATA',
      `an idx file of shape [${shape.join(', ')}] has ${file.length} bytes`,
      'copy it again',
    );
  }
  return ndarray('uint8', shape, file.subarray(header));
}

/** Images and labels as samples: pixels from 0 to 1, images of two dimensions with one channel. Throws BAD_DATA. */
export function idxDataset(images: NdArray, labels: NdArray): Dataset {
  const shape = images.shape.length === 3 ? [...images.shape, 1] : images.shape;
  return arrayDataset([ndarray('uint8', shape, images.data)], [int32(labels.shape, labels.data)], {
    uint8Scale: 1 / 255,
  });
}
