import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SKIP_ADVICE } from '../../client/node/own/looked.js';
import { loadCsv } from '../../client/node/data/csv.js';
import { loadImageFolder } from '../../client/node/data/image-folder.js';
import { loadTable } from '../../client/node/data/table.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { asTandemError } from '../../shared/errors.js';
import { madeUpFolder, type MadeUpFolder } from '../helpers/made-up-pictures.js';
import { madeUpTable, type MadeUpTable } from '../helpers/made-up-tables.js';
import { folderOf } from '../helpers/temp-files.js';
import { readSoundFolder } from '../../client/node/own/look-at-sound.js';
import type { SoundPreparation } from '../../shared/preparation/preparation.js';
import { createRng } from '../../shared/rng.js';
import { wavKinds, wavOf } from '../helpers/wav-kinds.js';
import { openBrowserPage, skipsBrowser, type BrowserPage } from './browser-page.js';
import { rowsOf, type FilesGiven, type FilesRead, type RowsRead } from './page-files.js';
import type { PageTests } from './page.js';

/** `npm run campaign:files` reads more. */
const FILES = Number(process.env.TANDEM_FILES ?? 40);
const FIRST_SEED = Number(process.env.TANDEM_FILES_FROM ?? 7100);
const AT_ONCE = 20;

type MadeUp = MadeUpTable | MadeUpFolder;

const cases = Array.from({ length: FILES }, (_, i) => {
  const seed = FIRST_SEED + i;
  return { seed, made: i % 2 === 0 ? madeUpTable(seed) : madeUpFolder(seed) };
});

const TABLE = 'table.csv';

function filesOf(made: MadeUp): Readonly<Record<string, Uint8Array>> {
  return made.kind === 'table' ? { [TABLE]: made.bytes } : made.files;
}

/** What Node makes of them; a sentence names files below the folder, as in a tab. */
async function readHere(made: MadeUp): Promise<FilesRead> {
  const folder = await folderOf(filesOf(made));
  try {
    const data = await loaded(made, folder);
    return { train: await rowsOf(data.train), test: data.test ? await rowsOf(data.test) : null };
  } catch (error) {
    return { refused: asTandemError(error).line.replaceAll(`${folder}/`, '').replaceAll(folder, 'what was chosen') };
  }
}

function loaded(made: MadeUp, folder: string): Promise<ClientData> {
  if (made.kind === 'pictures') return loadImageFolder(folder, { size: made.size, channels: made.channels });
  const { label, labelType, schema } = made;
  const path = join(folder, TABLE);
  return schema ? loadTable(path, schema) : loadCsv(path, { label, labelType });
}

function given(made: MadeUp): FilesGiven {
  const shape = made.kind === 'pictures' ? ([...made.size, made.channels] as const) : null;
  const options = made.kind === 'pictures' ? {} : optionsOf(made);
  return { files: asText(filesOf(made)), shape, options };
}

function asText(files: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]),
  );
}

function optionsOf({ label, labelType, schema }: MadeUpTable) {
  return { label, labelType, ...(schema ? { schema } : {}) };
}

/** What is not as whoever wrote the files knows them to be; refused files need only be refused where they are spoilt. */
function untrue({ truth }: MadeUp, read: FilesRead): string | undefined {
  if ('refusedFor' in truth) return 'refused' in read ? undefined : `read in spite of ${truth.refusedFor}`;
  if ('refused' in read) return `refused: ${read.refused}`;
  const parts = [read.train, ...(read.test ? [read.test] : [])];
  const origins = parts.flatMap((part) => part.origins).sort((a, b) => a - b);
  if (origins.join() !== truth.rows.map((_, row) => row).join()) return `has the rows ${origins.join()}`;
  return parts.flatMap((part) => wrongRows(part, truth.rows, truth.labels))[0];
}

type TrueRow = readonly number[] | { readonly bytes: readonly number[]; readonly within: number };

function wrongRows(part: RowsRead, rows: readonly TrueRow[], labels: readonly number[]): string[] {
  const width = part.inputs.length / Math.max(1, part.origins.length);
  return part.origins.flatMap((origin, i) => {
    const row = rows[origin] ?? [];
    const [values, within, scale] = 'bytes' in row ? [row.bytes, row.within, 255] : [row, 0, 1];
    const found = part.inputs.slice(i * width, (i + 1) * width).map((value) => (scale === 1 ? value : value * scale));
    const off = values.findIndex((value, k) => {
      const wanted = scale === 1 ? Math.fround(value) : value;
      return !(scale === 1 ? Object.is(found[k], wanted) : Math.abs((found[k] ?? NaN) - wanted) <= within + 1e-4);
    });
    const wrong =
      found.length !== values.length
        ? ['length', values.length, found.length]
        : off < 0
          ? []
          : [off, values[off], found[off]];
    const label = Math.fround(labels[origin] ?? NaN);
    return [
      ...(wrong.length > 0 ? [`row ${origin}: ${wrong.join(' ')}`] : []),
      ...(part.labels[i] === label ? [] : [`row ${origin}: label ${part.labels[i]} for ${label}`]),
    ];
  });
}

describe.skipIf(skipsBrowser)(`${FILES} made-up files, from seed ${FIRST_SEED}`, () => {
  let browser: BrowserPage;
  const here: FilesRead[] = [];

  beforeAll(async () => {
    browser = await openBrowserPage('--disable-gpu');
    for (const { made } of cases) here.push(await readHere(made));
  });

  afterAll(() => browser.close());

  it('are read as whoever wrote them knows them, or refused', () => {
    const wrong = cases.flatMap(({ seed, made }, i) => {
      const what = untrue(made, here[i] ?? { refused: 'not read' });
      return what === undefined ? [] : [`seed ${seed}, ${made.kind}: ${what}`];
    });
    expect(wrong).toEqual([]);
    const refused = here.filter((read) => 'refused' in read).length;
    // A generator that spoils all or none would show nothing.
    expect(refused).toBeGreaterThan(FILES / 10);
    expect(refused).toBeLessThan(FILES / 2);
    console.log(`${FILES} files: ${FILES - refused} read, ${refused} refused`);
  });

  it('are read the same by a tab, or refused with the same sentence', async () => {
    const there: FilesRead[] = [];
    for (let i = 0; i < cases.length; i += AT_ONCE) {
      const some = cases.slice(i, i + AT_ONCE).map(({ made }) => given(made));
      const read = await browser.page.evaluate((files) => {
        const { tandemTests } = globalThis as unknown as { tandemTests: PageTests };
        return tandemTests.readFiles(files);
      }, some);
      read.forEach((each) => there.push(each));
    }
    const different = cases.flatMap(({ seed }, i) =>
      same(here[i], there[i]) ? [] : [{ seed, here: brief(here[i]), there: brief(there[i]) }],
    );
    expect(different).toEqual([]);
  });

  it('sounds of every kind are read the same by a tab, or refused with the same sentence', async () => {
    const whole = soundFolder();
    const folders: readonly Readonly<Record<string, Uint8Array>>[] = [
      whole,
      {
        ...whole,
        'notes.txt': new Uint8Array(3),
        'high/0.wav': (whole['high/0.wav'] ?? new Uint8Array()).subarray(0, 30),
      },
      { ...whole, 'middle/1.wav': whole['low/1.wav'] ?? new Uint8Array() },
      { 'low/1.wav': whole['low/1.wav'] ?? new Uint8Array(), 'low/song.mp3': new Uint8Array(9) },
      { 'low/3.png': new Uint8Array(9) },
    ];
    const nodes = await Promise.all(
      folders.map(async (files): Promise<FilesRead> => {
        const folder = await folderOf(files);
        try {
          const { train, test } = await readSoundFolder(folder, preparation);
          return { train: await rowsOf(train), test: test ? await rowsOf(test) : null };
        } catch (error) {
          return {
            refused: asTandemError(error).line.replaceAll(`${folder}/`, '').replaceAll(folder, 'what was chosen'),
          };
        }
      }),
    );
    const tabs = await browser.page.evaluate(
      (given) => (globalThis as unknown as { tandemTests: PageTests }).tandemTests.readFiles(given),
      folders.map((files) => ({ files: asText(files), options: {}, shape: null, preparation })),
    );
    expect(nodes.slice(0, 4).map((node, i) => (same(node, tabs[i]) ? 'same' : [brief(node), brief(tabs[i])]))).toEqual([
      'same',
      'same',
      'same',
      'same',
    ]);
    expect('train' in (nodes[0] ?? {})).toBe(true);
    const sentences = [...nodes.slice(1, 4), tabs[4]].map((read) =>
      read && 'refused' in read ? read.refused : 'read',
    );
    for (const [i, sentence] of [
      /high\/0\.wav: it /,
      /middle\/1\.wav is of class 'middle', which is none of the classes/,
      /low\/song\.mp3 is a sound that is no \.wav/,
      /pictures were given, and this run takes sounds/,
    ].entries())
      expect(sentences[i]).toMatch(sentence);
  });
});

/** Sounds of every kind that is read, some at another rate, longer and shorter than the run's. */
function soundFolder(): Record<string, Uint8Array> {
  const rng = createRng('sounds alike', FIRST_SEED);
  const files = wavKinds.flatMap((kind, i) =>
    ['low', 'high'].map((name) => {
      const rate = [8000, 11_025, 44_100][(i + name.length) % 3] ?? 8000;
      const length = Math.round(rate * (0.2 + 0.3 * rng.float()));
      const channels = Array.from({ length: kind.channels }, (_, c) =>
        Float64Array.from(
          { length },
          (_, t) => 0.6 * Math.sin((t * (c + 1) * (name === 'low' ? 900 : 6000)) / rate) + 0.2 * rng.float(),
        ),
      );
      return [`${name}/${i}.wav`, wavOf(kind, rate, channels)] as const;
    }),
  );
  return Object.fromEntries(files);
}

const preparation: SoundPreparation = {
  kind: 'sound',
  samplesPerSecond: 8000,
  seconds: 0.3,
  bands: 4,
  means: [-1, -2, -3, 0.5],
  deviations: [1, 0.5, 3, 2],
  answer: { kind: 'classes', name: 'class', classes: ['low', 'high'] },
};

function same(a: FilesRead | undefined, b: FilesRead | undefined): boolean {
  // A tab has no flags.
  const told = (read: FilesRead | undefined) => JSON.stringify(read)?.replace(`, or ${SKIP_ADVICE}`, '');
  if (!a || !b || 'refused' in a || 'refused' in b) return told(a) === told(b);
  const list = ({ train, test }: Exclude<FilesRead, { refused: string }>) =>
    [train, test].flatMap((part) => (part ? [part.origins, part.inputs, part.labels] : []));
  const [left, right] = [list(a), list(b)];
  return (
    left.length === right.length &&
    left.every(
      (values, i) => values.length === right[i]?.length && values.every((value, k) => Object.is(value, right[i]?.[k])),
    )
  );
}

function brief(read: FilesRead | undefined): string {
  return JSON.stringify(read).slice(0, 300);
}
