import { TandemError } from './errors.js';
import {
  bytesPerElement,
  firstNonFinite,
  largestOf,
  showShape,
  sizeOf,
  type NdArray,
  type TensorSpec,
} from './ndarray.js';
import { MAX_HEADER_BYTES, PREFIX_BYTES } from './protocol/frame.js';
import { limits } from './protocol/limits.js';
import type { LabelSpec } from './task.js';

/** Allowed for a batch whose shape has an open length, such as sequences. */
const OPEN_SHAPE_BYTES = 64 * 1024 * 1024;

/** What a batch must look like before anything is computed with it. */
export interface Contract {
  readonly tensors: readonly TensorSpec[];
  readonly labels: readonly LabelSpec[];
  /** Most samples in one message. */
  readonly maxRows: number;
  /** The largest value without its sign, of floats; undefined where any finite one may come. */
  readonly largest?: number;
}

/**
 * Checks number, dtype, shape and values of a batch; returns its number of samples, 0 for one that is to hold nothing.
 * Throws BAD_SHAPE, BAD_VALUE or BAD_LABEL that names the tensor, the place and the value; `row` is then the sample in the batch.
 */
export function checkBatch(
  contract: Contract,
  tensors: readonly NdArray[],
  labels: readonly NdArray[],
  what: string,
): number {
  const rows = (tensors[0] ?? labels[0])?.shape[0] ?? 0;
  if (contract.tensors.length === 0 && contract.labels.length === 0 && tensors.length + labels.length === 0) return 0;
  if (rows < 1 || rows > contract.maxRows) {
    throw new TandemError('BAD_SHAPE', `${what} has ${rows} samples, from 1 to ${contract.maxRows} are allowed`);
  }
  checkArrays(contract.tensors, tensors, rows, what);
  tensors.forEach((tensor, i) => {
    const bad = firstNonFinite(tensor);
    if (bad < 0) {
      checkLargest(contract, tensor, `${what} '${nameOf(contract.tensors, i)}'`);
      return checkRange(contract.tensors[i], tensor, 'BAD_VALUE', what);
    }
    const message = `${what} '${nameOf(contract.tensors, i)}' holds ${tensor.data[bad] ?? NaN} at ${bad}`;
    throw new TandemError('BAD_VALUE', message, undefined, undefined, sampleAt(tensor, bad));
  });
  if (labels.length > 0) {
    checkArrays(contract.labels, labels, rows, 'label');
    labels.forEach((label, i) => checkRange(contract.labels[i], label, 'BAD_LABEL', 'label'));
  }
  return rows;
}

/** What gradients with respect to these tensors look like. */
export function gradientSpecs(specs: readonly TensorSpec[]): TensorSpec[] {
  return specs.map(({ name, shape }) => ({ name, dtype: 'float32', shape }));
}

/** Throws BAD_SHAPE when gradients do not have the very shapes of the tensors they belong to. */
export function checkAlike(gradients: readonly NdArray[], tensors: readonly NdArray[], what: string): void {
  gradients.forEach(({ shape }, i) => {
    const expected = tensors[i]?.shape ?? [];
    if (shape.join() === expected.join()) return;
    throw new TandemError('BAD_SHAPE', `${what} ${i} is ${showShape(shape)}, expected ${showShape(expected)}`);
  });
}

/** Bytes of the largest message that keeps the contract, or holds as much else: a bottom with optimizer state, a report. */
export function largestMessage(contract: Contract, otherBytes: number): number {
  const specs = [...contract.tensors, ...contract.labels];
  const open = specs.some(({ shape }) => shape.includes(null));
  const rowBytes = specs.reduce((sum, spec) => sum + sizeOf(spec.shape.map(Number)) * bytesPerElement[spec.dtype], 0);
  const batchBytes = open ? OPEN_SHAPE_BYTES : contract.maxRows * rowBytes;
  const bytes = PREFIX_BYTES + MAX_HEADER_BYTES + Math.max(batchBytes, otherBytes);
  if (bytes <= limits.messageBytes) return bytes;
  const [needed, most] = [bytes, limits.messageBytes].map((each) => (each / 2 ** 30).toFixed(1));
  const what = `a message of this run may have ${needed} GiB, and none holds more than ${most}`;
  throw new TandemError('BAD_OPTION', what, 'lower --batch, or cut where less crosses');
}

/** Throws BAD_CUT for tensors that no message can hold. */
export function checkTravels(tensors: readonly TensorSpec[], what: string): void {
  if (tensors.length > limits.tensors) {
    const many = `${tensors.length} tensors ${what}, and a message holds ${limits.tensors}`;
    throw new TandemError('BAD_CUT', many, 'cut where fewer tensors cross, or join some of them in the model');
  }
  const deep = tensors.find(({ shape }) => shape.length + 1 > limits.rank);
  if (!deep) return;
  const dimensions = `'${deep.name}' has ${deep.shape.length + 1} dimensions with that of the batch, and a message holds ${limits.rank}`;
  throw new TandemError('BAD_CUT', dimensions, 'cut elsewhere, or reshape it in the model');
}

function checkArrays(specs: readonly TensorSpec[], arrays: readonly NdArray[], rows: number, what: string): void {
  if (arrays.length !== specs.length) {
    throw new TandemError('BAD_SHAPE', `${arrays.length} tensors of ${what} came, ${specs.length} were expected`);
  }
  specs.forEach((spec, i) => {
    const array = arrays[i];
    if (!array) return;
    const expected = [rows, ...spec.shape];
    const fits =
      array.shape.length === expected.length &&
      expected.every((length, d) => length === null || length === array.shape[d]);
    if (array.dtype !== spec.dtype || !fits) {
      throw new TandemError(
        'BAD_SHAPE',
        `${what} '${spec.name}' is ${array.dtype} ${showShape(array.shape)}, expected ${spec.dtype} ${showShape(expected)}`,
      );
    }
  });
}

function checkRange(spec: TensorSpec | undefined, array: NdArray, code: 'BAD_VALUE' | 'BAD_LABEL', what: string): void {
  if (spec?.min === undefined && spec?.max === undefined) return;
  const { min = -Infinity, max = Infinity, name } = spec;
  // Tensors have a range where they are looked up; the lookup would round them in silence.
  const isWhole = code === 'BAD_VALUE' && array.dtype === 'float32';
  const fits = (value: number) => value >= min && value <= max && !(isWhole && !Number.isInteger(value));
  const bad = array.data.findIndex((value: number) => !fits(value));
  if (bad < 0) return;
  const sample = sampleAt(array, bad);
  const value = array.data[bad] ?? NaN;
  const allowed =
    value >= min && value <= max ? `whole numbers from ${min} to ${max} are allowed` : `allowed are ${min} to ${max}`;
  const message = `${what} '${name}' of sample ${sample} is ${value}, ${allowed}`;
  throw new TandemError(code, message, undefined, undefined, sample);
}

function checkLargest({ largest }: Contract, tensor: NdArray, what: string): void {
  if (largest === undefined || tensor.dtype !== 'float32' || largestOf([tensor]) <= largest) return;
  const bad = tensor.data.findIndex((value: number) => Math.abs(value) > largest);
  const message = `${what} holds ${tensor.data[bad] ?? NaN} at ${bad}, at most ${largest} is allowed`;
  throw new TandemError('BAD_VALUE', message, undefined, undefined, sampleAt(tensor, bad));
}

/** The sample that an element belongs to. */
function sampleAt({ shape, data }: NdArray, element: number): number {
  return Math.floor((element * (shape[0] ?? 1)) / data.length);
}

function nameOf(specs: readonly TensorSpec[], index: number): string {
  return specs[index]?.name ?? String(index);
}
