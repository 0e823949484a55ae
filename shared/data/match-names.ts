import { TandemError } from '../errors.js';
import { int32, ndarray, type NdArray } from '../ndarray.js';
import { originOf, type Dataset } from './dataset.js';
import { listNames } from './names.js';
import type { IdentifiedData } from './row-ids.js';
import { sameNames, toldNames, type DataNames, type RunNames } from './run-names.js';

/** Data whose labels and columns are numbered as the run's are. */
export interface MatchedData {
  readonly data: IdentifiedData;
  /** What the numbers stand for now. */
  readonly names: RunNames;
}

/**
 * Numbers a client's classes, and orders its columns, as the run does, by their names. Throws BAD_DATA with both lists where
 * the data have a name that the run lacks, and where a run without names could not be told what this one means.
 */
export function matchNames(data: IdentifiedData, run: RunNames): MatchedData {
  const own = data.names ?? {};
  const numbers = classNumbers(own, run);
  const places = columnPlaces(own, run);
  const names: RunNames = {
    ...(own.classes ? { classes: run.classes ?? own.classes } : {}),
    ...(own.columns ? { columns: run.columns ?? own.columns } : {}),
    ...(own.columns && own.coding !== undefined ? { coding: own.coding } : {}),
  };
  if (!numbers && !places) return { data, names };
  const matched = (dataset: Dataset): Dataset => ({
    size: dataset.size,
    inMemory: dataset.inMemory ?? false,
    fresh: dataset.fresh ?? false,
    batch: async (rows) => {
      const { inputs, labels } = await dataset.batch(rows);
      return {
        inputs: inputs.map((array, i) => (places && i === 0 ? inOrder(array, places) : array)),
        labels: labels.map((array, i) => (numbers && i === 0 ? renumbered(array, numbers) : array)),
      };
    },
    label: (row) => (numbers ? (numbers[dataset.label(row)] ?? NaN) : dataset.label(row)),
    origin: (row) => originOf(dataset, row),
  });
  const { train, test, toPredict } = data;
  const others = {
    ...(test ? { test: matched(test) } : {}),
    ...(toPredict ? { toPredict: matched(toPredict) } : {}),
  };
  return { data: { ...data, train: matched(train), ...others }, names };
}

/** The run's number of each class of the data; undefined where they are the same. */
function classNumbers({ classes }: DataNames, run: RunNames): readonly number[] | undefined {
  if (!classes) return undefined;
  if (!run.classes) {
    if (classes.length > 1 && toldNames({ classes }).classes) return undefined;
    const what =
      classes.length > 1
        ? `the run names no classes, and the ${classes.length} of these data are too many to tell it`
        : `the run names no classes, and one alone, '${classes[0] ?? ''}', tells no number`;
    throw new TandemError('BAD_DATA', what, 'name the classes in the task (docs/tasks.md)');
  }
  const wanted = run.classes;
  if (classes.some((name) => !wanted.includes(name))) {
    throw new TandemError(
      'BAD_DATA',
      `the data have the classes ${listNames(classes)}, and the run has ${listNames(wanted)}`,
      'rename or leave out what the run does not have, or name all classes in its task',
    );
  }
  return sameNames(classes, wanted) ? undefined : classes.map((name) => wanted.indexOf(name));
}

/** Where each value of the run's input stands in the data's; undefined where they are the same. */
function columnPlaces({ columns, widths, coding }: DataNames, run: RunNames): readonly number[] | undefined {
  if (!columns || !run.columns) return undefined;
  const wanted = run.columns;
  if (columns.length !== wanted.length || columns.some((name) => !wanted.includes(name))) {
    throw new TandemError(
      'BAD_DATA',
      `the data have the columns ${listNames(columns)}, and the run has ${listNames(wanted)}`,
      "give the run's columns, each by its name",
    );
  }
  if (coding !== run.coding) {
    throw new TandemError(
      'BAD_DATA',
      `the columns ${listNames(columns)} are those of the run, and become numbers in another way`,
      'give every client the same schema: the same means, deviations and values',
    );
  }
  if (sameNames(columns, wanted)) return undefined;
  const width = (place: number) => widths?.[place] ?? 1;
  const start = (place: number) => columns.slice(0, place).reduce((sum, _, i) => sum + width(i), 0);
  return wanted.flatMap((name) => {
    const place = columns.indexOf(name);
    return Array.from({ length: width(place) }, (_, i) => start(place) + i);
  });
}

function renumbered({ shape, data }: NdArray, numbers: readonly number[]): NdArray {
  return int32(
    shape,
    Array.from(data, (label) => numbers[label] ?? NaN),
  );
}

function inOrder({ dtype, shape, data }: NdArray, places: readonly number[]): NdArray {
  const ordered = data.slice();
  const width = places.length;
  for (let at = 0; at < data.length; at += width) {
    places.forEach((place, i) => (ordered[at + i] = data[at + place] ?? NaN));
  }
  return ndarray(dtype, shape, ordered);
}
