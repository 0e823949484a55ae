import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Preloaded into a command (`--import`): when that ends, it says which of the packages that compute it has loaded. */
const { cache } = createRequire(import.meta.url);
const heavy = ['@tensorflow/tfjs', 'onnxruntime-node', 'onnxruntime-web'];

process.on('exit', () => {
  const files = Object.keys(cache);
  const loaded = heavy.filter((name) => files.some((file) => file.includes(`/node_modules/${name}/`)));
  writeSync(2, `loaded: ${loaded.join(', ') || 'nothing that computes'}\n`);
});
