import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

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

/** The files of `npm pack`, without those that only packing makes. */
function packedFiles(): { readonly path: string; readonly size: number }[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' })) as [
    { readonly files: { readonly path: string; readonly size: number }[] },
  ];
  return packed.files;
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
    const files = packedFiles();
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
});
