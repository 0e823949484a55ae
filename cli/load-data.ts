import type { ClientData } from '../shared/data/dataset.js';
import { TandemError } from '../shared/errors.js';
import { loadMnist } from '../client/node/data/mnist.js';
import { loadCsv } from '../client/node/data/csv.js';
import { importFile } from './load-task.js';

export const dataHelp =
  'mnist, a .csv file (numbers, label in the last column), or a module whose default export loads data';

/** Loads a data set by name or path. Throws BAD_OPTION or BAD_DATA that says what to give instead. */
export async function loadData(name: string | undefined): Promise<ClientData> {
  if (name === undefined) throw new TandemError('BAD_OPTION', 'no data were given', `give --data: ${dataHelp}`);
  if (name === 'mnist') return loadMnist();
  if (name.endsWith('.csv')) return loadCsv(name);
  if (!/[./\\]/.test(name)) throw new TandemError('BAD_OPTION', `unknown data set '${name}'`, `give ${dataHelp}`);
  const { default: load } = (await importFile(name, 'data')) as { default?: () => Promise<ClientData> };
  if (typeof load !== 'function') {
    throw new TandemError('BAD_OPTION', `${name} has no default export that is a function`, 'see docs/tasks.md');
  }
  try {
    return await load();
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${name} failed to load its data: ${message}`, 'correct the data module');
  }
}
