import type { Installed } from './managers.js';

/** What each part of an install is for; the longest beginning that fits a path counts. */
const PURPOSES: Readonly<Record<string, string>> = {
  'node_modules/@tensorflow/tfjs': 'each build of tfjs five times; programs load one of them',
  'node_modules/@tensorflow/tfjs-core': 'tensors and gradients',
  'node_modules/@tensorflow/tfjs-layers': 'layers, of which models are made',
  'node_modules/@tensorflow/tfjs-converter': 'a dependency of tfjs; nothing here calls it',
  'node_modules/@tensorflow/tfjs-backend-webgl': 'a dependency of tfjs; nothing here calls it',
  'node_modules/@tensorflow/tfjs-backend-wasm': 'tfjs where ONNX Runtime does not load',
  'node_modules/@tensorflow/tfjs-backend-cpu': 'tfjs where nothing else loads',
  'node_modules/core-js': 'a dependency of tfjs; nothing here loads it',
  'node_modules/tandem/dist/vendored/native': 'the native ONNX Runtime for five platforms, compressed',
  'node_modules/tandem/dist/vendored/ort-wasm':
    'ONNX Runtime for WebAssembly: for pages, and where there is no native one',
};

/** Folders whose parts are named. */
const WHOLES = ['node_modules/@tensorflow', 'node_modules/tandem'];

/** The parts of an install over 5 MB, the largest first. Throws for one of which nobody has said what it is for. */
export function partsRows({ parts }: Installed): string[][] {
  const named = Object.entries(parts).filter(([path]) => !WHOLES.includes(path));
  return named.map(([path, megabytes]) => [
    `\`${path.replace('node_modules/', '')}\``,
    `${megabytes}`,
    purposeOf(path),
  ]);
}

function purposeOf(path: string): string {
  const [found] = Object.keys(PURPOSES)
    .filter((start) => path === start || (start.includes('/dist/') && path.startsWith(start)))
    .sort((a, b) => b.length - a.length);
  if (found === undefined) throw new Error(`nobody has said what ${path} is for`);
  return PURPOSES[found] ?? '';
}
