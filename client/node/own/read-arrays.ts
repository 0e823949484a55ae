import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decodeNpy, type NpyArray } from '../../../shared/data/npy.js';
import { TandemError } from '../../../shared/errors.js';
import { sizeOf } from '../../../shared/ndarray.js';
import { bytesOf } from '../data/csv.js';
import { readNpz } from '../data/npz.js';
import type { OwnSource } from './find-source.js';

/** Inputs and labels, to test on too where a file has them apart. */
export interface Pair {
  readonly inputs: NpyArray;
  readonly labels: NpyArray;
}
export interface Arrays {
  readonly train: Pair;
  readonly test?: Pair | undefined;
  /** Arrays of the file that are not read. */
  readonly others?: readonly string[];
}

/** Throws CANNOT_READ and BAD_DATA. */
export async function readArrays(source: OwnSource): Promise<Arrays> {
  const [first = '', second = labelsBeside(first)] = source.paths;
  if (/\.npz$/i.test(first)) return fromNpz(readNpz(await bytesOf(first), first), source);
  if (second === undefined)
    throw badArrays(source, 'there are no labels', 'give them as a second file: tandem train x.npy y.npy');
  const read = async (path: string) => decodeNpy(await bytesOf(path), path);
  return { train: { inputs: await read(first), labels: await read(second) } };
}

/** Arrays that a model is asked about: the labels may be missing. Throws CANNOT_READ and BAD_DATA. */
export async function readAskedArrays(
  source: OwnSource,
): Promise<Pick<Pair, 'inputs'> & { readonly labels?: NpyArray | undefined }> {
  const [first = '', second] = source.paths;
  if (!/\.npz$/i.test(first)) {
    const inputs = decodeNpy(await bytesOf(first), first);
    return second === undefined ? { inputs } : { inputs, labels: decodeNpy(await bytesOf(second), second) };
  }
  const files = readNpz(await bytesOf(first), first);
  for (const part of ['test', '']) {
    const inputs = findArray(files, inputNames, part, first);
    if (inputs) return { inputs, labels: findArray(files, labelNames, part, first) };
  }
  // One array alone is what there is.
  const [only, more] = [...files];
  if (only && more === undefined) return { inputs: decodeNpy(only[1], `${first}, ${only[0]}`) };
  throw badArrays(source, `it holds ${[...files.keys()].join(', ')}`, 'name the array of inputs x');
}

const inputNames = ['x', 'arr_0', 'data', 'inputs', 'features', 'images', 'signals'];
const labelNames = ['y', 'arr_1', 'labels', 'label', 'targets', 'target'];

function fromNpz(files: ReadonlyMap<string, Uint8Array>, source: OwnSource): Arrays {
  const find = (names: readonly string[], part: string) => findArray(files, names, part, source.paths[0] ?? '');
  const pair = (part: string): Pair | undefined => {
    const [inputs, labels] = [find(inputNames, part), find(labelNames, part)];
    return inputs && labels ? { inputs, labels } : undefined;
  };
  const train = pair('train') ?? pair('');
  const partOfTest = ['test', 'val', 'valid', 'validation'].find((part) => pair(part));
  if (train) {
    const isRead = (name: string) =>
      ['', 'train', partOfTest ?? ''].some((part) =>
        namedFor(inputNames, part).concat(namedFor(labelNames, part)).includes(name),
      );
    const others = [...files.keys()].filter((name) => !isRead(name.toLowerCase()));
    return { train, test: partOfTest === undefined ? undefined : pair(partOfTest), others };
  }
  throw badArrays(
    source,
    `it holds ${[...files.keys()].join(', ')}`,
    'name the arrays x and y, or x_train, y_train, x_test and y_test',
  );
}

function namedFor(names: readonly string[], part: string): string[] {
  return names.flatMap((name) => (part === '' ? [name] : [`${name}_${part}`, `${part}_${name}`]));
}

function findArray(
  files: ReadonlyMap<string, Uint8Array>,
  names: readonly string[],
  part: string,
  path: string,
): NpyArray | undefined {
  const wanted = namedFor(names, part);
  const found = [...files].find(([name]) => wanted.includes(name.toLowerCase()));
  return found && decodeNpy(found[1], `${path}, ${found[0]}`);
}

/** `y.npy` beside `x.npy`, `labels.npy` beside `data.npy`: only where it is there. */
function labelsBeside(path: string): string | undefined {
  const name = basename(path);
  const others = [name.replace(/^x/i, 'y'), name.replace(/data|inputs|features|images|signals/i, 'labels')];
  return others.map((other) => join(dirname(path), other)).find((other) => other !== path && existsSync(other));
}

export function badArrays({ paths }: OwnSource, what: string, action: string): TandemError {
  return new TandemError('BAD_DATA', `${paths.join(', ')}: ${what}`, action);
}

/** Labels as they would stand in a table; of one-hot rows the place of the one. */
export function textsOf({ shape, data, texts: words }: NpyArray, source: OwnSource): readonly string[] {
  const width = sizeOf(shape.slice(1));
  if (words && width === 1) return words;
  if (width === 1) return Array.from(data, String);
  const texts = Array.from({ length: shape[0] ?? 0 }, (_, row) => {
    const own = data.subarray(row * width, (row + 1) * width);
    const isOneHot =
      own.every((value) => value === 0 || value === 1) && own.filter((value) => value === 1).length === 1;
    return isOneHot ? String(own.indexOf(1)) : undefined;
  });
  if (shape.length === 2 && texts.every((text) => text !== undefined)) return texts;
  throw badArrays(source, `its labels are of shape ${shape.join(' x ')}`, 'give one label a sample, or one-hot ones');
}
