import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Preloaded into a command (`--import`): when that ends, it says which of the packages that compute it has loaded. */
const { cache } = createRequire(import.meta.url);
const heavy = {
  '@tensorflow/tfjs': '/node_modules/@tensorflow/tfjs/',
  'onnxruntime-node': '/dist/vendored/onnxruntime-native.cjs',
  'onnxruntime-web': '/node_modules/onnxruntime-web/',
};

process.on('exit', () => {
  const files = Object.keys(cache);
  const loaded = Object.entries(heavy).filter(([, place]) => files.some((file) => file.includes(place)));
  writeSync(2, `loaded: ${loaded.map(([name]) => name).join(', ') || 'nothing that computes'}\n`);
});
