import { existsSync } from 'node:fs';
import { splitColumns } from '../shared/data/party-data.js';
import type { ClientData } from '../shared/data/dataset.js';
import { TandemError } from '../shared/errors.js';
import { promised } from '../shared/promised.js';
import type { Preparation } from '../shared/preparation/preparation.js';
import type { RunReading } from '../shared/run-reading.js';
import type { Task } from '../shared/task.js';
import { adultTable } from '../shared/tasks/adult-table.js';
import { loadImageFolder } from '../client/node/data/image-folder.js';
import { loadIdx } from '../client/node/data/idx.js';
import { loadMnist } from '../client/node/data/mnist.js';
import { findSource } from '../client/node/own/find-source.js';
import { readOwn } from '../client/node/own/own-data.js';
import { loadCsv } from '../client/node/data/csv.js';
import { readOwnTable } from '../client/node/own/large-table.js';
import { loadTable, schemaBeside } from '../client/node/data/table.js';
import { importFile } from './load-task.js';

export const dataHelp =
  'mnist, a .csv file, adult:FILE, idx:IMAGES,LABELS or idx:FOLDER, images:FOLDER, or a module whose default export loads data';

const adultAction =
  'download it from https://archive.ics.uci.edu/dataset/2/adult, unpack it, and give --data adult:path/to/adult.data ' +
  '(with adult.test beside it)';

/**
 * Loads a data set by name or path; a table by the task's schema, by the one beside it, or as numbers. What was guessed or
 * left out in reading is said, a line each. Throws BAD_OPTION, MISSING or BAD_DATA that says what to give instead.
 */
export async function loadData(
  name: string | undefined,
  task?: Task,
  onNote: (line: string) => void = (line) => process.stderr.write(`tandem: ${line}\n`),
): Promise<ClientData> {
  const data = await load(name, task);
  data.notes?.forEach(onNote);
  return data;
}

/** Whether data are to be read as a run says: they are there, no module, no built-in name, and no schema of their own lies beside them. */
export function isReadByTask(name: string): boolean {
  if (name === 'mnist' || /^(adult|idx|images|grey-images):/.test(name) || /\.[cm]?js$/.test(name)) return false;
  const isThere = name.split(',').every((path) => existsSync(path));
  return isThere && !existsSync(name.replace(/\.\w+$/, '.schema.json'));
}

/** A client's data as its run says that they are read, or where it does not say, as `loadData` reads them; `skipUnreadable` as its person says. */
export async function loadClientData(
  name: string,
  reading: () => Promise<RunReading | null>,
  onNote: (line: string) => void,
  skipUnreadable = false,
): Promise<ClientData> {
  const found = isReadByTask(name) ? await reading() : null;
  if (!found) return loadData(name, undefined, onNote);
  const data = await readOwn(await findSource(name), withSkipping(found.preparation, skipUnreadable));
  data.notes?.forEach(onNote);
  return data;
}

/** How files are read where a person says that those that cannot be are left out. */
export function withSkipping(preparation: Preparation, skipUnreadable: boolean): Preparation {
  const isOfFiles = preparation.kind === 'images' || preparation.kind === 'sound';
  return skipUnreadable && isOfFiles ? { ...preparation, skipUnreadable } : preparation;
}

async function load(name: string | undefined, task: Task | undefined): Promise<ClientData> {
  if (name === undefined) throw new TandemError('BAD_OPTION', 'no data were given', `give --data: ${dataHelp}`);
  if (name === 'mnist') return loadMnist();
  if (name === 'adult') throw new TandemError('MISSING', 'the UCI Adult table is not part of Tandem', adultAction);
  if (task?.preparation) return readOwn(await findSource(name), task.preparation);
  const [, kind, rest = ''] = /^(adult|idx|images|grey-images):(.*)$/.exec(name) ?? [];
  if (kind === 'idx') return loadIdx(...rest.split(','));
  if (kind === 'images') return loadImageFolder(rest);
  if (kind === 'grey-images') return loadImageFolder(rest, { channels: 1 });
  const file = kind === 'adult' ? rest : name;
  const table = kind === 'adult' ? adultTable : task?.table;
  if (table === adultTable && !existsSync(file)) {
    throw new TandemError('MISSING', `there is no UCI Adult table at ${file}`, adultAction);
  }
  if (table && !/\.[cm]?js$/.test(file)) {
    const data = await readOwnTable(file, table);
    return task?.parties ? splitColumns(data, table, task.parties) : data;
  }
  if (/\.csv$/i.test(name)) {
    const schema = await schemaBeside(name);
    const labelType = task?.labels[0]?.dtype === 'float32' ? 'float32' : 'int32';
    return schema ? loadTable(name, schema) : loadCsv(name, { labelType });
  }
  if (!/[./\\]/.test(name)) throw new TandemError('BAD_OPTION', `unknown data set '${name}'`, `give ${dataHelp}`);
  const { default: load } = (await importFile(name, 'data')) as { default?: () => Promise<ClientData> };
  if (typeof load !== 'function') {
    throw new TandemError('BAD_OPTION', `${name} has no default export that is a function`, 'see docs/tasks.md');
  }
  try {
    const broken = { code: 'BAD_DATA', action: 'correct what its function waits for' } as const;
    return await promised(`the data of ${name}`, Promise.resolve(load()), broken);
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${name} failed to load its data: ${message}`, 'correct the data module');
  }
}
