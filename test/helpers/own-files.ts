import { encode } from 'jpeg-js';
import { createRng } from '../../shared/rng.js';
import { pngFile } from './png-files.js';
import { wavOf } from './wav-kinds.js';

/** A .wav file of one channel and 16 bits. */
export function wavFile(samplesPerSecond: number, samples: ArrayLike<number>): Uint8Array {
  return wavOf({ code: 1, bits: 16, channels: 1 }, samplesPerSecond, [samples]);
}

/** A .npy file of version 1. */
export function npyFile(
  shape: readonly number[],
  data: Float32Array | Int32Array | Uint8Array | Float64Array,
): Uint8Array {
  const descr =
    { Float32Array: '<f4', Int32Array: '<i4', Uint8Array: '|u1', Float64Array: '<f8' }[data.constructor.name] ?? '';
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const head = text.padEnd(118 - 1) + '\n';
  const bytes = new Uint8Array(10 + head.length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, head.length & 255, head.length >> 8]);
  bytes.set(new TextEncoder().encode(head), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + head.length);
  return bytes;
}

/** A folder of pictures of several sizes, PNG and JPEG: dark below, or dark above. */
export function pictureFiles(each: number): Record<string, Uint8Array> {
  const rng = createRng('own pictures', 3);
  const files: Record<string, Uint8Array> = {};
  for (const name of ['above', 'below']) {
    for (let i = 0; i < each; i++) {
      const [width, height] = [40 + rng.int(50), 40 + rng.int(50)];
      const data = new Uint8Array(4 * width * height);
      for (let at = 0; at < width * height; at++) {
        const isDark = name === 'above' ? at < (width * height) / 2 : at >= (width * height) / 2;
        const value = (isDark ? 30 : 190) + rng.int(40);
        data.set([value, value / 2, 255 - value, 255], 4 * at);
      }
      files[`${name}/${i}.${i % 2 === 0 ? 'png' : 'jpg'}`] =
        i % 2 === 0
          ? pngFile({
              width,
              height,
              depth: 8,
              colour: 2,
              sample: (x, y, channel) => data[4 * (y * width + x) + channel] ?? 0,
            })
          : new Uint8Array(encode({ width, height, data }, 90).data);
    }
  }
  return files;
}

/** A folder of sounds of several lengths and rates: high ones and low ones. */
export function soundFiles(each: number): Record<string, Uint8Array> {
  const rng = createRng('own sounds', 4);
  const files: Record<string, Uint8Array> = {};
  for (const [name, hertz] of [
    ['high', 1400],
    ['low', 300],
  ] as const) {
    for (let i = 0; i < each; i++) {
      const rate = i % 5 === 0 ? 11_025 : 8000;
      const pitch = hertz * (0.8 + 0.4 * rng.float());
      const samples = Array.from(
        { length: Math.round(rate * (0.3 + 0.3 * rng.float())) },
        (_, t) => 0.4 * Math.sin((2 * Math.PI * pitch * t) / rate) + 0.1 * (rng.float() - 0.5),
      );
      files[`${name}/${i}.wav`] = wavFile(rate, samples);
    }
  }
  return files;
}

/** Rows of numbers, of the class whose number is the larger of the first two. */
export function arrayFiles(rows: number): Record<string, Uint8Array> {
  const rng = createRng('own arrays', 5);
  const inputs = Float32Array.from({ length: 6 * rows }, () => 50 + 20 * rng.normal());
  const labels = Int32Array.from({ length: rows }, (_, row) =>
    Number((inputs[6 * row] ?? 0) > (inputs[6 * row + 1] ?? 0)),
  );
  return { 'x.npy': npyFile([rows, 6], inputs), 'y.npy': npyFile([rows], labels) };
}

/** Samples of bytes with two labels. */
export function npyOf(kind: 'uint8', shape: readonly number[]): Record<string, Uint8Array> {
  const rng = createRng(kind, 6);
  const size = shape.reduce((product, length) => product * length, 1);
  const labels = Int32Array.from({ length: shape[0] ?? 0 }, (_, row) => row % 2);
  return {
    'x.npy': npyFile(
      shape,
      Uint8Array.from({ length: size }, () => rng.int(256)),
    ),
    'y.npy': npyFile([labels.length], labels),
  };
}
