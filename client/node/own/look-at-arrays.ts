import { keepForTest } from '../../../shared/data/test-share.js';
import { originOf, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import type { NpyArray } from '../../../shared/data/npy.js';
import { float32, int32, sizeOf } from '../../../shared/ndarray.js';
import { labelOf } from '../../../shared/preparation/own-label.js';
import type { Answer, ArrayPreparation } from '../../../shared/preparation/preparation.js';
import { preparedArray } from '../../../shared/preparation/prepare-arrays.js';
import { channelStatistics, meanAndDeviation } from '../../../shared/preparation/statistics.js';
import type { OwnSource } from './find-source.js';
import type { Looked, LookOptions } from './looked.js';
import { badArrays, readArrays, textsOf, type Arrays, type Pair } from './read-arrays.js';
import { splitLine } from './split-line.js';

const BYTE = 255;
/** Smaller squares are tables of numbers rather than pictures. */
const LEAST_SIDE = 8;

/** Finds out what arrays hold: a .npy of inputs and one of labels, or a .npz with both. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtArrays(source: OwnSource, { kind }: LookOptions): Promise<Looked> {
  const arrays = await readArrays(source);
  const { inputs, labels } = arrays.train;
  if (inputs.texts) throw badArrays(source, 'the samples are words', 'give numbers, or a table with columns of words');
  const texts = textsOf(labels, source);
  if (texts.length === 0 || (inputs.shape[0] ?? 0) === 0)
    throw badArrays(source, 'they hold no samples', 'check the file');
  const nameless = texts.findIndex((text) => text === 'NaN');
  if (nameless >= 0)
    throw badArrays(source, `the label of sample ${nameless} is NaN`, 'leave samples without a label out');
  const gaps = refuseInfinite(inputs, source);
  const { shape, what } = sampleShape(inputs, source);
  const label = labelOf('label', texts, kind);
  const answered: Answer =
    label.kind === 'classification'
      ? { kind: 'classes', name: 'label', classes: label.classes }
      : { kind: 'number', name: 'label', mean: 0, deviation: 1 };
  const bare: ArrayPreparation = { kind: 'arrays', shape, means: [0], deviations: [1], answer: answered };
  const { train } = arrays.test ? { train: undefined } : split(arrays, bare, source);
  const rows = train ? Array.from({ length: train.size }, (_, row) => originOf(train, row)) : [...texts.keys()];
  const answer =
    answered.kind === 'number' ? { ...answered, ...meanAndDeviation(rows.map((row) => Number(texts[row]))) } : answered;
  const isBytes = inputs.data instanceof Uint8Array;
  // Pictures have one scale, series and rows one for each channel or column.
  const channels = shape.length === 3 ? 1 : (shape.at(-1) ?? 1);
  const scale = isBytes ? { means: [0], deviations: [BYTE] } : channelStatistics(gathered(inputs, rows), channels);
  const preparation = { ...bare, ...scale, answer };
  const data = split(arrays, preparation, source);
  const values = answer.kind === 'classes' ? `${answer.classes.length} classes` : 'numbers';
  return {
    preparation,
    data,
    facts: `${texts.length.toLocaleString('en')} samples of ${shape.join(' x ')}, ${what}; labels are ${values}`,
    columns: [],
    rows: rows.length,
    split: arrays.test
      ? `${data.test?.size ?? 0} samples that the file has for it`
      : splitLine(rows.length, texts.length - rows.length),
    notes: [
      ...(arrays.others?.length ? [`not read: ${arrays.others.join(', ')}`] : []),
      ...(gaps > 0 ? [`${gaps.toLocaleString('en')} values are NaN: taken as the mean`] : []),
      isBytes
        ? 'bytes are divided by 255'
        : `(value - mean) / deviation, ${channels === 1 ? 'one for all' : `of each of ${channels} channels or columns`}`,
    ],
  };
}

/** Reads arrays as a preparation says. */
export async function readOwnArrays(source: OwnSource, preparation: ArrayPreparation): Promise<ClientData> {
  return split(await readArrays(source), preparation, source);
}

function split({ train, test }: Arrays, preparation: ArrayPreparation, source: OwnSource): ClientData {
  const all = arraysDataset(train, preparation, source);
  const data = test ? { train: all, test: arraysDataset(test, preparation, source) } : keepForTest(all, undefined);
  return preparation.answer.kind === 'classes' ? { ...data, names: { classes: preparation.answer.classes } } : data;
}

function arraysDataset({ inputs, labels }: Pair, preparation: ArrayPreparation, source: OwnSource): Dataset {
  const { shape, answer } = preparation;
  const size = sizeOf(shape);
  const count = inputs.shape[0] ?? 0;
  if (sizeOf(inputs.shape.slice(1)) !== size)
    throw badArrays(
      source,
      `its samples are ${inputs.shape.slice(1).join(' x ')}, and the model takes ${shape.join(' x ')}`,
      'give arrays of that shape',
    );
  const texts = textsOf(labels, source);
  if (texts.length !== count)
    throw badArrays(source, `there are ${count} samples and ${texts.length} labels`, 'give as many labels as samples');
  const numbers = texts.map((text) => numberOf(text, answer, source));
  return {
    size: count,
    inMemory: true,
    fresh: true,
    label: (row) => numbers[row] ?? NaN,
    batch: (rows) => {
      const own = Array.from(rows, (row) => numbers[row] ?? NaN);
      const label = answer.kind === 'classes' ? int32([own.length], own) : float32([own.length], own);
      return { inputs: [preparedArray(inputs, rows, preparation)], labels: [label] };
    },
  };
}

function numberOf(text: string, answer: Answer, source: OwnSource): number {
  if (answer.kind === 'number') return (Number(text) - answer.mean) / answer.deviation;
  const place = answer.classes.indexOf(text);
  if (place < 0)
    throw badArrays(
      source,
      `the label ${text} is none of ${answer.classes.length} classes`,
      'give labels like those it was trained on',
    );
  return place;
}

/** The shape of one sample as a recipe takes it, and what that is taken for. */
function sampleShape(
  { shape, data }: NpyArray,
  source: OwnSource,
): { readonly shape: number[]; readonly what: string } {
  const [, ...own] = shape;
  const [h = 1, w = 1] = own;
  if (own.length <= 1) return { shape: [h], what: 'taken for rows of numbers' };
  const isPicture = Math.min(h, w) >= LEAST_SIDE && (data instanceof Uint8Array || h === w);
  if (own.length === 2 && isPicture) return { shape: [h, w, 1], what: 'taken for grey pictures' };
  if (own.length === 2) return { shape: own, what: 'taken for series in time, [time, channels]' };
  const [first = 0, , last = 0] = own;
  if (own.length === 3 && [1, 3, 4].includes(first) && last > 4)
    throw badArrays(
      source,
      `its samples are ${own.join(' x ')}, with the channels first`,
      'put them last: x = numpy.moveaxis(x, 1, -1)',
    );
  if (own.length === 3) return { shape: own, what: 'taken for pictures, [height, width, channels]' };
  throw badArrays(source, `its samples have ${own.length} dimensions`, 'give 1 for rows, 2 for series, 3 for pictures');
}

function gathered({ shape, data }: NpyArray, rows: readonly number[]): Float64Array {
  const size = sizeOf(shape.slice(1));
  const out = new Float64Array(rows.length * size);
  rows.forEach((row, i) => out.set(data.subarray(row * size, (row + 1) * size), i * size));
  return out;
}

/** How many values are missing. Throws BAD_DATA for one that is infinite, with its sample. */
function refuseInfinite({ data, shape }: NpyArray, source: OwnSource): number {
  const size = sizeOf(shape.slice(1));
  let gaps = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] ?? 0;
    if (Number.isNaN(value)) gaps++;
    else if (!Number.isFinite(value))
      throw badArrays(source, `sample ${Math.floor(i / size)} holds ${value}`, 'leave it out, or make it NaN: missing');
  }
  return gaps;
}
