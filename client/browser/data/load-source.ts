import { arrayDataset, splitForTest, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { idxDataset, parseIdx } from '../../../shared/data/idx.js';
import { numericTable } from '../../../shared/data/numeric-table.js';
import { checkTable, encodeTable } from '../../../shared/data/table.js';
import { TandemError } from '../../../shared/errors.js';
import type { NdArray, TensorSpec } from '../../../shared/ndarray.js';
import type { DataSource } from './data-source.js';
import { loadImages } from './images.js';

export interface LoadedSource {
  readonly data: ClientData;
  readonly classes: readonly string[] | null;
  /** Whether everybody has the same data, of which this client is to use its share. */
  readonly isEverybodys: boolean;
}

/** Below this many samples a tab keeps none for testing: there are too few to spare, and too few to say anything. */
const FEWEST_FOR_TEST = 20;

/** Reads what a person gave the page. `input` is the model's input. Throws BAD_DATA, UNREACHABLE. */
export async function loadSource(source: DataSource, input: TensorSpec | undefined): Promise<LoadedSource> {
  switch (source.kind) {
    case 'arrays':
      return own(arrayDataset(source.inputs, source.labels, { uint8Scale: 1 / 255 }));
    case 'images': {
      const classes = source.classes ?? [...new Set(source.files.map(({ label }) => label))].sort();
      return own(await loadImages(source.files, classes, imageSize(input)), classes);
    }
    case 'table': {
      const { file, name, label, schema } = source;
      const table = schema === undefined ? undefined : checkTable(schema, name);
      const rows = await readRows(file, name, table?.comment);
      return own(table ? encodeTable(table, rows, name) : numericTable(rows, name, label));
    }
    case 'offered':
      return { data: await loadOffered(source.url), classes: null, isEverybodys: true };
  }
}

function own(all: Dataset, classes: readonly string[] | null = null): LoadedSource {
  const data = all.size < FEWEST_FOR_TEST ? { train: all } : splitForTest(all);
  return { data, classes, isEverybodys: false };
}

function imageSize(input: TensorSpec | undefined): [number, number, number] {
  const [height, width, channels = 1] = input?.shape ?? [];
  if (!height || !width || (channels !== 1 && channels !== 3)) {
    const shape = input?.shape.join(' x ') ?? 'nothing';
    throw new TandemError('BAD_DATA', `this run's model takes ${shape}, no images`, 'give a CSV file');
  }
  return [height, width, channels];
}

/** The parser is loaded when it is needed. */
async function readRows(file: Blob, name: string, comment?: string): Promise<string[][]> {
  const { parse } = await import('csv-parse/browser/esm/sync');
  try {
    const comments = comment === undefined ? {} : { comment, comment_no_infix: true };
    return parse(await file.text(), { trim: true, skip_empty_lines: true, ...comments });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `${name} cannot be read as CSV: ${message}`, 'check the file');
  }
}

/** idx files under the names of MNIST's. */
async function loadOffered(folder: string): Promise<ClientData> {
  const part = async (name: string) => {
    const [images, labels] = await Promise.all([
      fetchIdx(`${folder}${name}-images-idx3-ubyte`),
      fetchIdx(`${folder}${name}-labels-idx1-ubyte`),
    ]);
    return images && labels && idxDataset(images, labels);
  };
  const [train, test] = await Promise.all([part('train'), part('t10k')]);
  if (!train) throw new TandemError('BAD_DATA', 'the server offers no data', 'use data of your own');
  return test ? { train, test } : { train };
}

async function fetchIdx(url: string): Promise<NdArray | undefined> {
  const response = await fetch(url).catch(() => {
    throw new TandemError('UNREACHABLE', `the data at ${url} cannot be had`);
  });
  if (!response.ok) return undefined;
  return parseIdx(new Uint8Array(await response.arrayBuffer()));
}
