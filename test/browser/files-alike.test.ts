import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCsv } from '../../client/node/data/csv.js';
import { loadImageFolder } from '../../client/node/data/image-folder.js';
import { loadTable } from '../../client/node/data/table.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { asTandemError } from '../../shared/errors.js';
import { madeUpFolder, type MadeUpFolder } from '../helpers/made-up-pictures.js';
import { madeUpTable, type MadeUpTable } from '../helpers/made-up-tables.js';
import { folderOf } from '../helpers/temp-files.js';
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
  const files = Object.entries(filesOf(made)).map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]);
  const shape = made.kind === 'pictures' ? ([...made.size, made.channels] as const) : null;
  const options = made.kind === 'pictures' ? {} : optionsOf(made);
  return { files: Object.fromEntries(files) as Record<string, string>, shape, options };
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
});

function same(a: FilesRead | undefined, b: FilesRead | undefined): boolean {
  if (!a || !b || 'refused' in a || 'refused' in b) return JSON.stringify(a) === JSON.stringify(b);
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
