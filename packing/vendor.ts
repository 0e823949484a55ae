/** Bundles into dist/vendored what comes with Tandem instead of being installed beside it, as `npm run build` does. */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';

/** The builds of ONNX Runtime for WebAssembly: the entry of onnxruntime-web, and the file that it loads. */
const WASM_BUILDS = {
  wasm: 'ort-wasm-simd-threaded.wasm',
  webgpu: 'ort-wasm-simd-threaded.asyncify.wasm',
} as const;

/** The packages that are bundled, and where the text of their licence is, from the root. */
const LICENCES = {
  'msgpackr.txt': 'node_modules/msgpackr/LICENSE',
  'onnxruntime.txt': 'packing/licences/onnxruntime.txt',
  'onnxruntime-third-party.txt': 'packing/licences/onnxruntime-third-party.txt',
};

const quiet = { bundle: true, logLevel: 'warning', legalComments: 'inline', minify: true } as const;

export async function vendor(root: string, out = join(root, 'dist/vendored')): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, 'licences'), { recursive: true });
  const bundle = (name: string, contents: string, options: BuildOptions) =>
    build({
      ...quiet,
      ...options,
      stdin: { contents, resolveDir: root },
      outfile: join(out, name),
    });
  const forAll = { format: 'esm', platform: 'browser', target: 'es2022' } as const;
  await bundle('msgpackr.js', `export { Packr, Unpackr } from 'msgpackr';`, forAll);
  const about = await readFile(join(root, 'node_modules/onnxruntime-web/package.json'), 'utf8');
  const { version } = JSON.parse(about) as { version: string };
  for (const [entry, file] of Object.entries(WASM_BUILDS)) {
    const content = await readFile(join(root, 'node_modules/onnxruntime-web/dist', file));
    const name = `ort-${entry}-${version}-${createHash('sha256').update(content).digest('hex').slice(0, 10)}.wasm`;
    await writeFile(join(out, name), content);
    // Bundlers put what this names into what they build: the common build, and not twice as much for a GPU.
    const place = entry === 'wasm' ? `new URL(${JSON.stringify(name)}, import.meta.url).href` : 'undefined';
    const more = `export const wasmBytes = ${content.length};\nexport const wasmName = ${JSON.stringify(name)};\nexport const wasmPlace = ${place};`;
    const bundled = `onnxruntime-${entry}.js`;
    await bundle(bundled, `export * from 'onnxruntime-web/${entry}';\n${more}`, {
      ...forAll,
      plugins: [renaming(file, place)],
    });
    await leaveToTheBrowser(join(out, bundled));
  }
  await bundle('onnxruntime-native.cjs', `module.exports = require('onnxruntime-node');`, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    plugins: [unpacking(join(root, 'packing/native-binding.ts'))],
  });
  await writeFile(join(out, 'tfjs.cjs'), namingExports('@tensorflow/tfjs'));
  for (const [name, from] of Object.entries(LICENCES)) await cp(join(root, from), join(out, 'licences', name));
}

/**
 * A module that is the package itself, with its exports named. Where the package is imported, Node reads megabytes for those
 * names, which takes longer than to run them.
 */
function namingExports(name: string): string {
  const exported = createRequire(import.meta.url)(name) as Record<string, unknown>;
  // In two statements: in one, Node would follow it into the package.
  const loads = `'use strict';\nconst exported = require(${JSON.stringify(name)});\nmodule.exports = exported;\n`;
  return `${loads}0 && (module.exports = { ${Object.keys(exported).join(', ')} });\n`;
}

/** What is imported by an address that is known only as it runs: the comments by which bundlers leave it alone do not outlive bundling. */
async function leaveToTheBrowser(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replaceAll(/\bimport\((\w+)\)/g, 'import(/* webpackIgnore: true */ /* @vite-ignore */ $1)'),
  );
}

/** The places where onnxruntime-web says where its wasm file is. */
function renaming(file: string, place: string): Plugin {
  return {
    name: 'renaming',
    setup(building) {
      building.onLoad({ filter: /onnxruntime-web[\\/]dist[\\/].*\.mjs$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const named = `new URL("${file}",import.meta.url).href`;
        if (!text.includes(named)) throw new Error(`${path} does not say where ${file} is`);
        // Its own name, where it would start threads; bundlers would look for a file of that name.
        const itself = /new \w+\("ort\.\w+\.bundle\.min\.mjs",import\.meta\.url\)/g;
        return { contents: text.replaceAll(named, `(${place})`).replaceAll(itself, 'new URL(import.meta.url)') };
      });
    },
  };
}

/** The place where onnxruntime-node loads its native part from its own folder. */
function unpacking(binding: string): Plugin {
  return {
    name: 'unpacking',
    setup(building) {
      building.onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const loads = /require\(`[^`]*onnxruntime_binding\.node`\)/;
        if (!loads.test(text)) throw new Error(`${path} does not load its native part as it did`);
        const contents = text.replace(loads, () => `require(${JSON.stringify(binding)}).loadBinding(__dirname)`);
        return { contents };
      });
    },
  };
}

// The package's root is two floors above dist/packing, where this is compiled to.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await vendor(fileURLToPath(new URL('../..', import.meta.url)));
}
