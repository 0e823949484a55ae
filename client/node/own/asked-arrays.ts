import { TandemError } from '../../../shared/errors.js';
import type { NpyArray } from '../../../shared/data/npy.js';
import { sizeOf } from '../../../shared/ndarray.js';
import { preparedArray } from '../../../shared/preparation/prepare-arrays.js';
import type { RawRow } from '../../../shared/preparation/raw-row.js';
import type { Answer, ArrayPreparation, ImagePreparation } from '../../../shared/preparation/preparation.js';
import { idxFile, idxPair } from '../data/idx.js';
import type { AskedData } from './asked-data.js';
import { isOneFile, type OwnSource } from './find-source.js';
import { readAskedArrays, textsOf } from './read-arrays.js';

const BYTE = 255;

/** Arrays of inputs, or idx files of pictures; a file of labels may lie beside them. */
export async function askedArrays(
  source: OwnSource,
  preparation: ArrayPreparation | ImagePreparation,
): Promise<AskedData> {
  const { inputs, labels } = source.kind === 'idx' ? await fromIdx(source) : await readAskedArrays(source);
  const how = preparation.kind === 'arrays' ? preparation : picturesOf(inputs, preparation);
  const size = inputs.shape[0] ?? 0;
  const own = inputs.shape.slice(1);
  if (sizeOf(own) !== sizeOf(how.shape)) {
    const what = `${source.paths.join(', ')}: its samples are ${own.join(' x ')}, and the model takes ${how.shape.join(' x ')}`;
    throw new TandemError('BAD_DATA', what, 'give arrays of that shape');
  }
  const texts = labels && textsOf(labels, source);
  if (texts && texts.length !== size) {
    const what = `${source.paths.join(', ')}: there are ${size} samples and ${texts.length} labels`;
    throw new TandemError('BAD_DATA', what, 'give as many labels as samples, or none');
  }
  const numbers = texts?.map((text) => numberOf(text, how.answer));
  const unknown = numbers?.filter(Number.isNaN).length ?? 0;
  return {
    size,
    inputs: (rows) => [preparedArray(inputs, rows, how)],
    raw: (row) => rawRow(inputs, row, preparation),
    hasLabels: numbers !== undefined && unknown < size,
    label: (row) => numbers?.[row] ?? NaN,
    notes: unknown > 0 ? [`${unknown.toLocaleString('en')} samples have no label that the model knows`] : [],
  };
}

function rawRow({ data, shape }: NpyArray, row: number, preparation: ArrayPreparation | ImagePreparation): RawRow {
  const size = sizeOf(shape.slice(1));
  const own = data.subarray(row * size, (row + 1) * size);
  if (preparation.kind === 'arrays')
    return { data: { dtype: 'float64', shape: [1, ...preparation.shape], data: Float64Array.from(own) } };
  const [height, width] = preparation.size;
  // Pictures have three colours wherever they come from.
  const pixels = Uint8Array.from({ length: 3 * height * width }, (_, at) =>
    preparation.channels === 3 ? (own[at] ?? 0) : (own[Math.floor(at / 3)] ?? 0),
  );
  return { image: { dtype: 'uint8', shape: [1, height, width, 3], data: pixels } };
}

/** Only bytes are brought to 0 to 1. */
function picturesOf({ data }: NpyArray, { size, channels, answer }: ImagePreparation): ArrayPreparation {
  const deviations = [data instanceof Uint8Array ? BYTE : 1];
  return { kind: 'arrays', shape: [...size, channels], means: [0], deviations, answer };
}

function numberOf(text: string, answer: Answer): number {
  if (answer.kind === 'number') return (Number(text) - answer.mean) / answer.deviation;
  const place = answer.classes.indexOf(text);
  return place < 0 ? NaN : place;
}

async function fromIdx({ paths }: OwnSource): Promise<{ readonly inputs: NpyArray; readonly labels?: NpyArray }> {
  const [first = ''] = paths;
  const [images, labels] = (await isOneFile(first)) ? paths : (idxPair(first, 't10k') ?? idxPair(first, 'train') ?? []);
  const read = async (path: string): Promise<NpyArray> => {
    const { shape, data } = await idxFile(path);
    return { shape, data: data instanceof Int32Array ? Float64Array.from(data) : data, isWhole: true };
  };
  return { inputs: await read(images ?? first), ...(labels === undefined ? {} : { labels: await read(labels) }) };
}
