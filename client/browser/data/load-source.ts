import { arrayDataset, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { numberedLabels } from '../../../shared/data/image-files.js';
import { labelsOf, readImages } from '../../../shared/data/read-images.js';
import { LeftOut } from '../../../shared/data/left-out.js';
import { readSounds, soundClasses } from '../../../shared/data/read-sounds.js';
import { readTable } from '../../../shared/data/read-table.js';
import { splitById } from '../../../shared/data/row-ids.js';
import { checkTable } from '../../../shared/data/table.js';
import { keepForTest } from '../../../shared/data/test-share.js';
import { TandemError } from '../../../shared/errors.js';
import type { TensorSpec } from '../../../shared/ndarray.js';
import type { OnLoading } from '../../../shared/read-body.js';
import type { ClassifiedFile, DataSource } from './data-source.js';
import { ownPicture, ownRows, ownSound, type OwnSample } from './own-sample.js';
import { loadOffered } from './offered.js';

export interface LoadedSource {
  readonly data: ClientData;
  readonly classes: readonly string[] | null;
  /** Where `data` are only a sample of what the server offers: the data of a place in the run, and what there are of them. */
  readonly share?: (client: number) => Promise<ClientData>;
  /** Training samples as whoever gave them knows them, by their place in what was given; missing where nobody did. */
  readonly own?: (places: readonly number[]) => Promise<readonly OwnSample[]>;
  readonly shareSizes?: { readonly samples: number; readonly testSamples: number };
}

/** Reads what a person gave the page. `input` is the model's input. Throws BAD_DATA, UNREACHABLE. */
export async function loadSource(
  source: DataSource,
  input: TensorSpec | undefined,
  onLoading?: OnLoading,
): Promise<LoadedSource> {
  switch (source.kind) {
    case 'arrays':
      return own(arrayDataset(source.inputs, source.labels, { uint8Scale: 1 / 255 }));
    case 'images': {
      const { files, classes, skipUnreadable, notes = [] } = source;
      const leftOut = new LeftOut({ skips: skipUnreadable });
      const part = (isTest: boolean) => files.filter((each) => (each.isTest ?? false) === isTest);
      const labels = labelsOf([...new Set(part(false).map(({ label }) => label))].sort(), classes);
      const [height, width, channels] = imageSize(input);
      const read = (some: readonly ClassifiedFile[]) =>
        readImages(
          some.map(({ file, path, label }) => ({ path, className: label, bytes: () => bytesOf(file) })),
          labels,
          { channels, size: [height, width], leftOut },
        );
      const all = await read(part(false));
      const given = [...labels.keys()];
      const isNamed = numberedLabels(given) === undefined;
      const test = part(true).length > 0 ? { train: all, test: await read(part(true)) } : {};
      const trained = part(false).filter(({ path }) => !leftOut.has(path));
      const names = isNamed ? { names: { classes: given } } : {};
      const loaded = own(all, { notes: [...notes, ...leftOut.notes], ...names }, isNamed || classes ? given : null);
      return {
        ...loaded,
        data: { ...loaded.data, ...test },
        own: (places) => Promise.resolve(pick(trained, places).map(ownPicture)),
      };
    }
    case 'sounds': {
      const { files, preparation, notes = [] } = source;
      if (!preparation)
        throw new TandemError(
          'BAD_DATA',
          'this run does not say how sounds become numbers',
          'give data of another kind',
        );
      const sounds = files.map(({ file, path, label, isTest = false }) => ({
        path,
        className: label,
        isTest,
        bytes: () => bytesOf(file),
      }));
      const leftOut = new LeftOut({ skips: preparation.skipUnreadable });
      const read = await readSounds(sounds, preparation, leftOut);
      const trained = files.filter(({ path, isTest = false }) => !isTest && !leftOut.has(path));
      const data = { ...read, notes: [...notes, ...(read.notes ?? [])] };
      return {
        data,
        classes: soundClasses(preparation),
        own: (places) => Promise.all(pick(trained, places).map(ownSound)),
      };
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
      const rows = async (places: readonly number[]) => ownRows(await bytesOf(file), name, schema, places);
      if (!ids) return { ...own(dataset, { notes, names }), own: rows };
      return { data: { ...splitById(dataset, ids), notes, names }, classes: null, own: rows };
    }
    case 'offered':
      return loadOffered(source.url, onLoading);
  }
}

function own(
  all: Dataset,
  about: Pick<ClientData, 'notes' | 'names'> = {},
  classes: readonly string[] | null = null,
): LoadedSource {
  return { data: { ...keepForTest(all, undefined), ...about }, classes };
}

function pick<T>(all: readonly T[], places: readonly number[]): T[] {
  return places.flatMap((place) => all[place] ?? []);
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
