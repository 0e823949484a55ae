import { join } from 'node:path';
import { emptyProject, run, type Workplace } from './workplace.js';
import { program, readTrained, type Trained } from './program.js';

const here = `${process.platform}-${process.arch}`;

/** Each as the registry has it for this platform: the package, and its program. */
const runtimes = {
  'Node 20': [`node-${here}@20`, 'bin/node'],
  'Node 22': [`node-${here}@22`, 'bin/node'],
  'Node 24': [`node-${here}@24`, 'bin/node'],
  Bun: [`@oven/bun-${here}`, 'bin/bun'],
  Deno: [`@deno/${here}-glibc`, 'deno'],
} as const;

export interface RuntimeCheck extends Trained {
  readonly name: string;
  readonly version: string;
}

/** The same program from one installed folder, by each runtime. */
export async function checkRuntimes(place: Workplace, wanted: RegExp): Promise<RuntimeCheck[]> {
  const chosen = Object.entries(runtimes).filter(([name]) => wanted.test(name));
  const folder = await emptyProject(place, 'runtimes', { 'program.mjs': program });
  const aliases = chosen.map(([name, [spec]]) => `${alias(name)}@npm:${spec}`);
  await run(place, folder, 'npm', ['install', '--force', place.tarball, ...aliases]);
  const done: RuntimeCheck[] = [];
  for (const [name, [, file]] of chosen) {
    const executable = join(folder, 'node_modules', alias(name), file);
    const { stdout: version } = await run(place, folder, executable, ['--version']);
    const args = name === 'Deno' ? ['run', '--allow-all', 'program.mjs'] : ['program.mjs'];
    const trained = readTrained((await run(place, folder, executable, args)).stdout);
    done.push({ name, version: version.trim().split('\n')[0] ?? '', ...trained });
  }
  return done;
}

const alias = (name: string) => name.toLowerCase().replaceAll(' ', '');
