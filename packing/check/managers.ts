import { basename } from 'node:path';
import { emptyProject, megabytes, run, type Workplace } from './workplace.js';
import { program, readTrained, type Trained } from './program.js';

interface Manager {
  readonly name: string;
  /** Installs, in an empty folder. */
  readonly install: (tarball: string) => readonly string[];
  /** What runs a program then, and a command of the package. */
  readonly node?: readonly string[];
  readonly bin?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

const BERRY = ['npx', '-y', '-p', '@yarnpkg/cli-dist@4', 'yarn'];

/** The lines of docs/installing.md for Plug'n'Play. */
const PNP = `packageExtensions:
  '@tensorflow/tfjs@*': { dependencies: { long: '4.0.0', seedrandom: '^3.0.5' } }
  tandem@*: { dependencies: { '@tensorflow/tfjs-core': '^4.22.0' } }
`;

const managers: readonly Manager[] = [
  ...['10', '11'].flatMap((version) => [
    { name: `npm ${version}`, install: (tarball: string) => ['npx', '-y', `npm@${version}`, 'install', tarball] },
  ]),
  {
    name: 'npm 11, no scripts',
    install: (tarball) => ['npx', '-y', 'npm@11', 'install', '--ignore-scripts', tarball],
  },
  { name: 'pnpm 10', install: (tarball) => ['npx', '-y', 'pnpm@10', 'add', tarball] },
  { name: 'yarn 1', install: (tarball) => ['npx', '-y', 'yarn@1.22.22', 'add', `file:${tarball}`] },
  {
    name: 'yarn 4, PnP',
    install: (tarball) => [...BERRY, 'add', `tandem@file:${tarball}`],
    node: [...BERRY, 'node'],
    bin: [...BERRY, 'run'],
    files: { '.yarnrc.yml': PNP, 'yarn.lock': '' },
  },
];

export interface Installed extends Trained {
  readonly name: string;
  readonly command: string;
  readonly seconds: number;
  /** What was said that is not good news. */
  readonly warnings: readonly string[];
  /** The second line of `tandem --version`. */
  readonly version: string;
  /** `du -sm node_modules`; null where there is none. */
  readonly megabytes: number | null;
  /** Each package, or folder of ours, over 5 MB. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Where each manager has installed, by its name. */
export async function checkManagers(place: Workplace, wanted: RegExp): Promise<Installed[]> {
  const done: Installed[] = [];
  for (const manager of managers.filter(({ name }) => wanted.test(name))) done.push(await installWith(place, manager));
  return done;
}

async function installWith(place: Workplace, manager: Manager): Promise<Installed> {
  const { name, install, node = ['node'], bin = ['npx'], files = {} } = manager;
  const folder = await emptyProject(place, name.replaceAll(/\W+/g, '-'), { ...files, 'program.js': program });
  const began = performance.now();
  const [command = '', ...args] = install(place.tarball);
  const { stdout, stderr } = await run(place, folder, command, args);
  const seconds = Math.round((performance.now() - began) / 1000);
  const inFolder = ([first = '', ...rest]: readonly string[]) => run(place, folder, first, rest);
  const version = (await inFolder([...bin, 'tandem', '--version'])).stdout.trim().split('\n').at(-1) ?? '';
  const trained = readTrained((await inFolder([...node, 'program.js'])).stdout);
  const hasFolder = manager.node === undefined;
  return {
    name,
    command: [command, ...args].map((word) => (word.endsWith('.tgz') ? basename(word) : word)).join(' '),
    seconds,
    warnings: `${stdout}\n${stderr}`.split('\n').filter((line) => /\bwarn/i.test(line)),
    version,
    ...trained,
    megabytes: hasFolder ? await megabytes(folder, 'node_modules') : null,
    parts: hasFolder && name.startsWith('npm') ? await parts(place, folder) : {},
  };
}

async function parts(place: Workplace, folder: string): Promise<Record<string, number>> {
  // Each on its own: du counts no file twice.
  const places = ['node_modules/*', 'node_modules/@*/*', 'node_modules/tandem/dist/vendored/*'];
  const list = `for each in ${places.join(' ')}; do du -sm "$each"; done | sort -rn`;
  const { stdout } = await run(place, folder, 'sh', ['-c', list]);
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.split('\t'));
  return Object.fromEntries(rows.flatMap(([size, path = '']) => (Number(size) > 5 ? [[path, Number(size)]] : [])));
}
