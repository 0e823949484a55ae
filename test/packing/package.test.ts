import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { program, readTrained } from '../../packing/check/program.js';
import { packPlatform } from '../../packing/pack-natives.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const exec = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8')) as Record<string, unknown>;

interface Locked {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string };
}

/** What comes with the package, by its path in the lock file. */
const installed = Object.entries(read('package-lock.json').packages as Record<string, Locked>).filter(
  ([path, { dev }]) => path !== '' && !dev,
);

interface Packed {
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** The files of `npm pack`, without those that only packing makes: asked for once, since npm packs them to tell. */
let files: Packed['files'];

beforeAll(async () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await exec('npm', args, { cwd: root, maxBuffer: 2 ** 26 });
  [{ files }] = JSON.parse(stdout) as [Packed];
}, 120_000);

/** A folder as an install leaves it: the files that are packed, the native engine of this machine, and the packages that come with them. */
async function install(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-installed-'));
  const own = join(folder, 'node_modules/tandem');
  for (const { path } of files) cpSync(join(root, path), join(own, path));
  // As fast as it packs: what is packed for others is packed well.
  await packPlatform(root, process.platform, process.arch, join(own, 'dist/vendored/native'), 1);
  for (const [path] of installed.filter(([path]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(root, path), join(folder, path));
  }
  return folder;
}

/** What the program says where it is written to a file in a folder. */
async function train(folder: string, name: string) {
  const file = join(folder, name);
  writeFileSync(file, program);
  const env = { ...process.env, TANDEM_CACHE: join(folder, 'cache') };
  return readTrained((await exec(process.execPath, [file], { cwd: folder, env })).stdout);
}

describe('the package', () => {
  it('runs nothing as it is installed, and depends on nothing that is there on some machines only', () => {
    const { scripts, optionalDependencies } = read('package.json') as Record<string, Record<string, string>>;
    expect(optionalDependencies).toBeUndefined();
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(scripts).not.toHaveProperty(script);
  });

  it('brings one install script of others, which tfjs asks for and which only prints', () => {
    const withScript = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
    expect(withScript).toEqual(['node_modules/core-js']);
  });

  it('brings no package that refuses Node 20', () => {
    const refusing = installed.filter(([, { engines }]) => {
      const asked = engines?.node ?? '*';
      return !/(^|\D)20\b|\*/.test(asked) && Number(/(\d+)/.exec(asked)?.[1] ?? 0) > 20;
    });
    expect(refusing).toEqual([]);
  });

  it('sets no option that npm does not know, which npm says at each command', () => {
    const lines = readFileSync(join(root, '.npmrc'), 'utf8').trim().split('\n');
    expect(lines.map((line) => line.split('=')[0])).toEqual(['fund', 'audit', 'omit-lockfile-registry-resolved']);
  });

  it('holds every entry, what it runs with, the licences of it, and no more', () => {
    const paths = files.map(({ path }) => path);
    const { exports, bin } = read('package.json');
    const entries = [...JSON.stringify([exports, bin]).matchAll(/"(?:\.\/)?(dist\/[^"]+|package\.json)"/g)].map(
      ([, path]) => path,
    );
    expect(entries.length).toBeGreaterThan(10);
    expect(entries.filter((path) => !paths.includes(path ?? ''))).toEqual([]);
    for (const name of ['msgpackr', 'onnxruntime', 'onnxruntime-third-party']) {
      expect(paths).toContain(`dist/vendored/licences/${name}.txt`);
    }
    expect(paths.filter((path) => /^dist\/vendored\/ort-wasm-[\d.]+-[0-9a-f]{10}\.wasm$/.test(path))).toHaveLength(1);
    // The build for WebGPU goes to browsers only, compressed.
    expect(paths.filter((path) => /ort-webgpu-.*\.wasm$/.test(path))).toEqual([]);
    expect(paths.filter((path) => /^(test|bench|packing|dist\/(test|bench|packing))\//.test(path))).toEqual([]);
    const own = files.filter(({ path }) => !path.startsWith('dist/vendored/'));
    expect(own.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(16e6);
  });

  it.runIf(wholeSuite)(
    'trains from an empty folder to the weights that the checkout trains to, with the native engine',
    async () => {
      const home = await install();
      try {
        const [here, there] = await Promise.all([train(home, 'program.mjs'), train(join(root, 'dist'), 'program.mjs')]);
        expect(here).toEqual(there);
        expect(here.computes).toBe('onnx (native)');
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
