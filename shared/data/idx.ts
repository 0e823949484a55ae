import { TandemError } from '../errors.js';
import { bytesPerElement, int32, ndarray, sizeOf, type DType, type NdArray } from '../ndarray.js';
import { arrayDataset, type Dataset } from './dataset.js';

/** What the third byte of an idx file says of its values; those of more than a byte are big-endian. */
const CODES: Readonly<Record<DType, number>> = { uint8: 0x08, int32: 0x0c, float32: 0x0d };
const DTYPES = new Map((Object.keys(CODES) as DType[]).map((dtype) => [CODES[dtype], dtype]));

/** Reads an idx file, the format MNIST came in (LeCun et al., 1998): unsigned bytes, int32 or float32. Throws BAD_DATA. */
export function parseIdx(file: Uint8Array): NdArray {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const rank = file[3] ?? 0;
  const header = 4 + 4 * rank;
  const dtype = DTYPES.get(file[2] ?? 0);
  if (file.length < header || view.getUint16(0) !== 0 || !dtype) {
    const what = 'this is not an idx file of unsigned bytes, int32 or float32';
    throw new TandemError('BAD_DATA', what, 'unpack it first if it ends in .gz');
  }
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const length = sizeOf(shape);
  if (file.length !== header + bytesPerElement[dtype] * length) {
    throw new TandemError(
      'BAD_DATA',
      `an idx file of shape [${shape.join(', ')}] has ${file.length} bytes`,
      'copy it again',
    );
  }
  if (dtype === 'uint8') return ndarray(dtype, shape, file.subarray(header));
  if (dtype === 'int32') {
    return int32(
      shape,
      Int32Array.from({ length }, (_, i) => view.getInt32(header + 4 * i)),
    );
  }
  return ndarray(
    dtype,
    shape,
    Float32Array.from({ length }, (_, i) => view.getFloat32(header + 4 * i)),
  );
}

/** The file of an array. */
export function encodeIdx({ dtype, shape, data }: NdArray): Uint8Array {
  const header = 4 + 4 * shape.length;
  const file = new Uint8Array(header + bytesPerElement[dtype] * data.length);
  file[2] = CODES[dtype];
  file[3] = shape.length;
  const view = new DataView(file.buffer);
  shape.forEach((length, i) => view.setUint32(4 + 4 * i, length));
  if (dtype === 'uint8') file.set(data, header);
  else if (dtype === 'int32') data.forEach((value, i) => view.setInt32(header + 4 * i, value));
  else data.forEach((value, i) => view.setFloat32(header + 4 * i, value));
  return file;
}

/**
 * Inputs and labels as samples: bytes become values from 0 to 1, and images of bytes in two dimensions get one channel;
 * other numbers stay as they are. Throws BAD_DATA.
 */
export function idxDataset(inputs: NdArray, labels: NdArray): Dataset {
  const isGrey = inputs.dtype === 'uint8' && inputs.shape.length === 3;
  const shaped = isGrey ? ndarray('uint8', [...inputs.shape, 1], inputs.data) : inputs;
  const numbers = labels.dtype === 'float32' ? labels : int32(labels.shape, labels.data);
  return arrayDataset([shaped], [numbers], { uint8Scale: 1 / 255 });
}
