import { mkdir, writeFile } from 'node:fs/promises';

/** The project's folder, as seen from what the build makes of this file. */
export const root = new URL('../../', import.meta.url);

/** Writes what was measured to bench/results/NAME.json. Throws where a figure is none: the last ones stay. */
export async function writeResult(name: string, result: object): Promise<void> {
  refuseNonsense(result, name);
  await mkdir(new URL('bench/results/', root), { recursive: true });
  await writeFile(new URL(`bench/results/${name}.json`, root), `${JSON.stringify(result, null, 2)}\n`);
}

/** Throws for a number that JSON cannot hold; `path` says where. What was not measured is null, and said to be. */
export function refuseNonsense(value: unknown, path: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${path} is ${value}: nothing is written`);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) refuseNonsense(part, `${path}.${key}`);
}
