import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { loadMnist } from '../../client/node/data/mnist.js';
import type { Dataset } from '../../shared/data/dataset.js';

/** Data that recipes are measured on. */
export interface RecipeData {
  readonly name: string;
  /** For the table. */
  readonly title: string;
  /** What is compared, and by how much Tandem may be worse. */
  readonly figure: 'accuracy' | 'r2';
  readonly limit: number;
  /** What `tandem train` is told beside the data. */
  readonly flags: readonly string[];
  /** Says where the data lie; `given` is the path that was given for them, or how many, `folder` an empty one. */
  readonly make: (given: string, folder: string) => Promise<string>;
  /** Whether somebody has to say where they lie. */
  readonly isGiven: boolean;
}

const accuracy = { figure: 'accuracy', limit: 0.01 } as const;
const r2 = { figure: 'r2', limit: 0.01 } as const;
const asItLies = { isGiven: true, make: (given: string) => Promise.resolve(given) };

export const recipeData: readonly RecipeData[] = [
  { name: 'adult', title: 'UCI Adult: income', ...accuracy, flags: [], ...asItLies },
  {
    name: 'hours',
    title: 'UCI Adult: hours a week',
    ...r2,
    flags: ['--label', '13', '--kind', 'regression'],
    ...asItLies,
  },
  {
    name: 'weather',
    title: 'Seattle weather: highest temperature',
    ...r2,
    flags: ['--label', 'temp_max'],
    ...asItLies,
  },
  { name: 'digits', title: 'MNIST digits as PNG', ...accuracy, flags: [], isGiven: false, make: digitsFolder },
  {
    name: 'speech',
    title: 'spoken prompts: which voice',
    ...accuracy,
    flags: ['--skip-unreadable'],
    isGiven: true,
    make: speechFolder,
  },
];

const DIGITS = '10000';
const SIDE = 28;

/** The first digits that MNIST has to train on, a folder a class. */
async function digitsFolder(count: string, folder: string): Promise<string> {
  const { train } = await loadMnist();
  for (let digit = 0; digit < 10; digit++) await mkdir(join(folder, String(digit)), { recursive: true });
  for (let row = 0; row < Number(count || DIGITS); row++) {
    await writeFile(join(folder, String(train.label(row)), `${row}.png`), await picture(train, row));
  }
  return folder;
}

async function picture(digits: Dataset, row: number): Promise<Buffer> {
  const pixels = (await digits.batch([row])).inputs[0]?.data ?? [];
  const png = new PNG({ width: SIDE, height: SIDE });
  for (let at = 0; at < SIDE * SIDE; at++) {
    const value = Math.round((pixels[at] ?? 0) * 255);
    png.data.set([value, value, value, 255], 4 * at);
  }
  return PNG.sync.write(png, { colorType: 0 });
}

/** Two seconds of 8,000 samples a second of 16 bits: longer prompts are left out, so that a run takes minutes. */
const MOST_BYTES = 2 * 16_000 + 44;

/** Prompts as Debian's asterisk-core-sounds-*-wav have them, a folder a voice; the folders within a voice become one. */
async function speechFolder(given: string, folder: string): Promise<string> {
  for (const voice of await readdir(given)) {
    await mkdir(join(folder, voice), { recursive: true });
    for (const path of await readdir(join(given, voice), { recursive: true })) {
      const isSpeech = path.endsWith('.wav') && !path.startsWith('silence');
      const source = join(given, voice, path);
      if (isSpeech && (await stat(source)).size <= MOST_BYTES)
        await symlink(source, join(folder, voice, path.replaceAll('/', '-')));
    }
  }
  return folder;
}
