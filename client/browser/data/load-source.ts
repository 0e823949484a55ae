import { arrayDataset, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { idxDataset, parseIdx } from '../../../shared/data/idx.js';
import { numberedLabels } from '../../../shared/data/image-files.js';
import { labelsOf, readImages } from '../../../shared/data/read-images.js';
import { readTable } from '../../../shared/data/read-table.js';
import { splitById } from '../../../shared/data/row-ids.js';
import { checkTable } from '../../../shared/data/table.js';
import { keepForTest } from '../../../shared/data/test-share.js';
import { TandemError } from '../../../shared/errors.js';
import type { NdArray, TensorSpec } from '../../../shared/ndarray.js';
import type { ClassifiedFile, DataSource } from './data-source.js';

export interface LoadedSource {
  readonly data: ClientData;
  readonly classes: readonly string[] | null;
  /** Whether everybody has the same data, of which this client is to use its share. */
  readonly isEverybodys: boolean;
}

/** Reads what a person gave the page. `input` is the model's input. Throws BAD_DATA, UNREACHABLE. */
export async function loadSource(source: DataSource, input: TensorSpec | undefined): Promise<LoadedSource> {
  switch (source.kind) {
    case 'arrays':
      return own(arrayDataset(source.inputs, source.labels, { uint8Scale: 1 / 255 }));
    case 'images': {
      const { files, classes, notes = [] } = source;
      const part = (isTest: boolean) => files.filter((each) => (each.isTest ?? false) === isTest);
      const labels = labelsOf([...new Set(part(false).map(({ label }) => label))].sort(), classes);
      const [height, width, channels] = imageSize(input);
      const read = (some: readonly ClassifiedFile[]) =>
        readImages(
          some.map(({ file, path, label }) => ({ path, className: label, bytes: () => bytesOf(file) })),
          labels,
          { channels, size: [height, width] },
        );
      const all = await read(part(false));
      const given = [...labels.keys()];
      const isNamed = numberedLabels(given) === undefined;
      const loaded = own(
        all,
        { notes, ...(isNamed ? { names: { classes: given } } : {}) },
        isNamed || classes ? given : null,
      );
      if (part(true).length === 0) return loaded;
      return { ...loaded, data: { ...loaded.data, train: all, test: await read(part(true)) } };
    }
    case 'table': {
      const { file, name, label, labelType, schema: given } = source;
      const schema = given === undefined ? undefined : checkTable(given, name);
      const {
        dataset,
        ids,
        guesses: notes,
        names,
      } = await readTable(await bytesOf(file), name, { schema, label, labelType });
      if (!ids) return own(dataset, { notes, names });
      return { data: { ...splitById(dataset, ids), notes, names }, classes: null, isEverybodys: false };
    }
    case 'offered':
      return { data: await loadOffered(source.url), classes: null, isEverybodys: true };
  }
}

function own(
  all: Dataset,
  about: Pick<ClientData, 'notes' | 'names'> = {},
  classes: readonly string[] | null = null,
): LoadedSource {
  return { data: { ...keepForTest(all, undefined), ...about }, classes, isEverybodys: false };
}

async function bytesOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

function imageSize(input: TensorSpec | undefined): [number, number, number] {
  const [height, width, channels = 1] = input?.shape ?? [];
  if (!height || !width || (channels !== 1 && channels !== 3)) {
    const shape = input?.shape.join(' x ') ?? 'nothing';
    throw new TandemError('BAD_DATA', `this run's model takes ${shape}, no images`, 'give a CSV file');
  }
  return [height, width, channels];
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
