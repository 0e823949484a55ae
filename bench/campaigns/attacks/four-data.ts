import { arrayDataset, type ClientData } from '../../../shared/data/dataset.js';
import { float32, int32 } from '../../../shared/ndarray.js';

/** Three classes that lie apart: easy to learn, so a good accuracy is near 1. */
export default function fourData(): ClientData {
  return { train: part(48, 0), test: part(30, 1) };
}

function part(samples: number, offset: number) {
  const label = (i: number) => (i + offset) % 3;
  const value = (i: number, j: number) =>
    (j === label(i) ? 1 : 0) + ((((i + offset) * 7919 + j * 31) % 200) / 100 - 1) * 0.2;
  const features = Float32Array.from({ length: samples * 4 }, (_, k) => value(Math.floor(k / 4), k % 4));
  return arrayDataset(
    [float32([samples, 4], features)],
    [
      int32(
        [samples],
        Int32Array.from({ length: samples }, (_, i) => label(i)),
      ),
    ],
  );
}
