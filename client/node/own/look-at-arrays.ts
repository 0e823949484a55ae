import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { keepForTest } from '../../../shared/data/test-share.js';
import { originOf, type ClientData, type Dataset } from '../../../shared/data/dataset.js';
import { decodeNpy, type NpyArray } from '../../../shared/data/npy.js';
import { TandemError } from '../../../shared/errors.js';
import { float32, int32, ndarray, sizeOf } from '../../../shared/ndarray.js';
import { labelOf } from '../../../shared/preparation/own-label.js';
import type { Answer, ArrayPreparation } from '../../../shared/preparation/preparation.js';
import { channelStatistics, meanAndDeviation } from '../../../shared/preparation/statistics.js';
import { bytesOf } from '../data/csv.js';
import { readNpz } from '../data/npz.js';
import type { OwnSource } from './find-source.js';
import type { Looked, LookOptions } from './looked.js';
import { splitLine } from './split-line.js';

/** Inputs and labels, to test on too where a file has them apart. */
interface Pair {
  readonly inputs: NpyArray;
  readonly labels: NpyArray;
}
interface Arrays {
  readonly train: Pair;
  readonly test?: Pair | undefined;
}

const BYTE = 255;
/** Smaller squares are tables of numbers rather than pictures. */
const LEAST_SIDE = 8;

/** Finds out what arrays hold: a .npy of inputs and one of labels, or a .npz with both. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtArrays(source: OwnSource, { kind }: LookOptions): Promise<Looked> {
  const arrays = await readArrays(source);
  const { inputs, labels } = arrays.train;
  const { shape, what } = sampleShape(inputs, source);
  const texts = textsOf(labels, source);
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

function arraysDataset(
  { inputs, labels }: Pair,
  { shape, means, deviations, answer }: ArrayPreparation,
  source: OwnSource,
): Dataset {
  const size = sizeOf(shape);
  const count = inputs.shape[0] ?? 0;
  if (sizeOf(inputs.shape.slice(1)) !== size)
    throw bad(
      source,
      `its samples are ${inputs.shape.slice(1).join(' x ')}, and the model takes ${shape.join(' x ')}`,
      'give arrays of that shape',
    );
  const texts = textsOf(labels, source);
  if (texts.length !== count)
    throw bad(source, `there are ${count} samples and ${texts.length} labels`, 'give as many labels as samples');
  const numbers = texts.map((text) => numberOf(text, answer, source));
  return {
    size: count,
    inMemory: true,
    fresh: true,
    label: (row) => numbers[row] ?? NaN,
    batch: (rows) => {
      const data = new Float32Array(rows.length * size);
      for (let i = 0; i < rows.length; i++) {
        const from = (rows[i] ?? 0) * size;
        for (let j = 0; j < size; j++)
          data[i * size + j] =
            ((inputs.data[from + j] ?? NaN) - (means[j % means.length] ?? 0)) /
            (deviations[j % deviations.length] ?? 1);
      }
      const own = Array.from(rows, (row) => numbers[row] ?? NaN);
      const label = answer.kind === 'classes' ? int32([own.length], own) : float32([own.length], own);
      return { inputs: [ndarray('float32', [rows.length, ...shape], data)], labels: [label] };
    },
  };
}

function numberOf(text: string, answer: Answer, source: OwnSource): number {
  if (answer.kind === 'number') return (Number(text) - answer.mean) / answer.deviation;
  const place = answer.classes.indexOf(text);
  if (place < 0)
    throw bad(
      source,
      `the label ${text} is none of ${answer.classes.length} classes`,
      'give labels like those it was trained on',
    );
  return place;
}

/** Labels as they would stand in a table; of one-hot rows the place of the one. */
function textsOf({ shape, data }: NpyArray, source: OwnSource): string[] {
  const width = sizeOf(shape.slice(1));
  if (width === 1) return Array.from(data, String);
  const texts = Array.from({ length: shape[0] ?? 0 }, (_, row) => {
    const own = data.subarray(row * width, (row + 1) * width);
    const isOneHot =
      own.every((value) => value === 0 || value === 1) && own.filter((value) => value === 1).length === 1;
    return isOneHot ? String(own.indexOf(1)) : undefined;
  });
  if (shape.length === 2 && texts.every((text) => text !== undefined)) return texts;
  throw bad(source, `its labels are of shape ${shape.join(' x ')}`, 'give one label a sample, or one-hot ones');
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
  if (own.length === 3) return { shape: own, what: 'taken for pictures, [height, width, channels]' };
  throw bad(source, `its samples have ${own.length} dimensions`, 'give 1 for rows, 2 for series, 3 for pictures');
}

function gathered({ shape, data }: NpyArray, rows: readonly number[]): Float64Array {
  const size = sizeOf(shape.slice(1));
  const out = new Float64Array(rows.length * size);
  rows.forEach((row, i) => out.set(data.subarray(row * size, (row + 1) * size), i * size));
  return out;
}

async function readArrays(source: OwnSource): Promise<Arrays> {
  const [first = '', second = labelsBeside(first)] = source.paths;
  if (/\.npz$/i.test(first)) return fromNpz(readNpz(await bytesOf(first), first), source);
  if (second === undefined)
    throw bad(source, 'there are no labels', 'give them as a second file: tandem train x.npy y.npy');
  const read = async (path: string) => decodeNpy(await bytesOf(path), path);
  return { train: { inputs: await read(first), labels: await read(second) } };
}

const inputNames = ['x', 'data', 'inputs', 'features', 'images', 'signals'];
const labelNames = ['y', 'labels', 'label', 'targets', 'target'];

function fromNpz(files: ReadonlyMap<string, Uint8Array>, source: OwnSource): Arrays {
  const find = (names: readonly string[], part: string) => {
    const wanted = names.flatMap((name) => (part === '' ? [name] : [`${name}_${part}`, `${part}_${name}`]));
    const found = [...files].find(([name]) => wanted.includes(name.toLowerCase()));
    return found && decodeNpy(found[1], `${source.paths[0] ?? ''}, ${found[0]}`);
  };
  const pair = (part: string): Pair | undefined => {
    const [inputs, labels] = [find(inputNames, part), find(labelNames, part)];
    return inputs && labels ? { inputs, labels } : undefined;
  };
  const train = pair('train') ?? pair('');
  if (train) return { train, test: pair('test') };
  throw bad(
    source,
    `it holds ${[...files.keys()].join(', ')}`,
    'name the arrays x and y, or x_train, y_train, x_test and y_test',
  );
}

/** `y.npy` beside `x.npy`, `labels.npy` beside `data.npy`: only where it is there. */
function labelsBeside(path: string): string | undefined {
  const name = basename(path);
  const others = [name.replace(/^x/i, 'y'), name.replace(/data|inputs|features|images|signals/i, 'labels')];
  return others.map((other) => join(dirname(path), other)).find((other) => other !== path && existsSync(other));
}

function bad({ paths }: OwnSource, what: string, action: string): TandemError {
  return new TandemError('BAD_DATA', `${paths.join(', ')}: ${what}`, action);
}
