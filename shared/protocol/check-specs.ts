import { TandemError } from '../errors.js';
import { bytesPerElement } from '../ndarray.js';

/** No dimension of a tensor is longer. */
const MOST = 2 ** 31;

/** Checks the specs of tensors in a model definition: a name, a dtype, a shape, perhaps a range. Throws BAD_MESSAGE. */
export function checkSpecs(specs: readonly unknown[], what: 'input' | 'output' | 'label'): void {
  specs.forEach((spec, i) => {
    const { name, shape, min, max, dtype } = fieldsOf(spec);
    const isNamed = what === 'label' || typeof name === 'string';
    const isRange = [min, max].every((end) => end === undefined || typeof end === 'number');
    if (!isNamed || !isDtype(dtype) || !isShape(shape, true) || !isRange)
      throw wrong(`${what} ${i}`, 'a name, a dtype and a shape');
  });
}

/** The same of the weights of a segment. */
export function checkWeightSpecs(specs: readonly unknown[]): void {
  specs.forEach((spec, i) => {
    const { layer, index, dtype, shape, trainable } = fieldsOf(spec);
    const isPlaced = typeof layer === 'string' && isCount(index) && typeof trainable === 'boolean';
    if (!isPlaced || !isDtype(dtype) || !isShape(shape, false))
      throw wrong(`weight ${i}`, 'a layer, an index, a dtype, a shape and whether it is trained');
  });
}

function fieldsOf(spec: unknown): Partial<Record<string, unknown>> {
  return typeof spec === 'object' && spec !== null ? { ...spec } : {};
}

function isDtype(value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(bytesPerElement, value);
}

function isShape(value: unknown, mayBeOpen: boolean): boolean {
  return Array.isArray(value) && value.every((length: unknown) => (mayBeOpen && length === null) || isCount(length));
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MOST;
}

function wrong(which: string, wanted: string): TandemError {
  return new TandemError('BAD_MESSAGE', `${which} of the model definition lacks ${wanted}`);
}
