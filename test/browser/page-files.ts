import type { DataSource } from '../../client/browser/data/data-source.js';
import { asTheRunReads } from '../../client/browser/data/as-the-run-reads.js';
import { loadSource } from '../../client/browser/data/load-source.js';
import { originOf, type Dataset } from '../../shared/data/dataset.js';
import { asTandemError } from '../../shared/errors.js';
import type { SoundPreparation } from '../../shared/preparation/preparation.js';
import { chosenTable, sortOut } from '../../web/join/given-files.js';

/** A case as it comes to the page. */
export interface FilesGiven {
  readonly files: Readonly<Record<string, string>>;
  readonly options: Omit<Extract<DataSource, { kind: 'table' }>, 'kind' | 'file' | 'name'>;
  /** How sounds become numbers. */
  readonly preparation?: SoundPreparation;
  readonly shape: readonly [number, number, number] | null;
}

/** What was read, with the rows it had in its file; or the line that refuses it. */
export type FilesRead = { readonly train: RowsRead; readonly test: RowsRead | null } | { readonly refused: string };

export interface RowsRead {
  readonly origins: readonly number[];
  readonly inputs: readonly number[];
  readonly labels: readonly number[];
}

export const fileCalls = {
  /** Reads files as the page does when a person has chosen them. */
  async readFiles(given: readonly FilesGiven[]): Promise<FilesRead[]> {
    const read: FilesRead[] = [];
    for (const each of given) read.push(await readChosen(each));
    return read;
  },
};

async function readChosen({ files, options, shape, preparation }: FilesGiven): Promise<FilesRead> {
  const found = Object.entries(files).map(([path, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return { path, file: new File([bytes], path.split('/').at(-1) ?? '') };
  });
  try {
    const chosen = await sortOut(found);
    const reading = preparation ? { preparation, chances: null } : null;
    const source = asTheRunReads(chosen.kind === 'table' ? { ...chosenTable(chosen), ...options } : chosen, reading);
    const { data } = await loadSource(source, shape ? { name: 'x', dtype: 'float32', shape } : undefined);
    return { train: await rowsOf(data.train), test: data.test ? await rowsOf(data.test) : null };
  } catch (error) {
    return { refused: asTandemError(error).line };
  }
}

/** All rows of a data set, for Node and the page alike. */
export async function rowsOf(dataset: Dataset): Promise<RowsRead> {
  const rows = Array.from({ length: dataset.size }, (_, row) => row);
  const { inputs, labels } = await dataset.batch(rows);
  return {
    origins: rows.map((row) => originOf(dataset, row)),
    inputs: [...(inputs[0]?.data ?? [])],
    labels: [...(labels[0]?.data ?? [])],
  };
}
