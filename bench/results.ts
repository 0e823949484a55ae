import { mkdir, writeFile } from 'node:fs/promises';

/** The project's folder, as seen from what the build makes of this file. */
export const root = new URL('../../', import.meta.url);

/** Writes what was measured to bench/results/NAME.json. */
export async function writeResult(name: string, result: object): Promise<void> {
  await mkdir(new URL('bench/results/', root), { recursive: true });
  await writeFile(new URL(`bench/results/${name}.json`, root), `${JSON.stringify(result, null, 2)}\n`);
}
