import { arrayDataset, type ClientData } from '../../shared/data/dataset.js';
import { int32, ndarray } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';

/** Made-up digit images for tests that need the shape of MNIST but not its size; learnable, with odd values. */
export function madeUpDigits(samples: number, seed = 7): ClientData {
  return { train: part(samples, seed), test: part(Math.ceil(samples / 5), seed + 1) };
}

function part(samples: number, seed: number) {
  const rng = createRng('digits', seed);
  const labels = Array.from({ length: samples }, () => rng.int(10));
  const pixels = new Uint8Array(samples * 784);
  labels.forEach((label, row) => {
    for (let i = 0; i < 784; i++) {
      // A bar whose place tells the class, in noise.
      const bar = Math.floor((i % 28) / 2.8) === label;
      pixels[row * 784 + i] = Math.min(255, Math.floor(rng.float() * 90) + (bar ? 137 : 0));
    }
  });
  return arrayDataset([ndarray('uint8', [samples, 28, 28, 1], pixels)], [int32([samples], labels)], {
    uint8Scale: 1 / 255,
  });
}
