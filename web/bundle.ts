import { build, type BuildOptions } from 'esbuild';

/** How whatever is for browsers is bundled. */
export const forBrowsers = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  external: ['node:*'],
} as const satisfies BuildOptions;

/** Bundles without writing anything: the files by their path below `/`. */
export async function bundleInMemory(
  entryPoints: string[],
  more: Pick<BuildOptions, 'minify'> = {},
): Promise<Map<string, Uint8Array>> {
  const quiet = { outdir: '/', write: false, logLevel: 'error' } as const;
  const { outputFiles } = await build({ ...forBrowsers, ...quiet, ...more, entryPoints });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}
