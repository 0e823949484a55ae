import type { DType } from './ndarray.js';
import { isFields, show } from './show-value.js';

const dtypes: readonly DType[] = ['float32', 'int32', 'uint8'];

/** What is wrong with a label's description as a user wrote it, in words; undefined where nothing is. */
export function labelProblem(label: unknown): string | undefined {
  if (!isFields(label)) return `labels lists ${show(label)}, which is no { name, dtype, shape }`;
  const { name, dtype, shape, min, max } = label;
  if (typeof name !== 'string' || name === '') return `a label has the name ${show(name)}: give it one`;
  const here = `label '${name}'`;
  if (!dtypes.includes(dtype as DType)) return `${here} has the dtype ${show(dtype)}: use ${dtypes.join(', ')}`;
  if (!Array.isArray(shape) || !shape.every(isLength)) {
    return `${here} has the shape ${show(shape)}: give the dimensions of one label, [] for a number`;
  }
  const odd = Object.entries({ min, max }).find(([, value]) => value !== undefined && !Number.isFinite(value));
  if (odd) return `${here} has the ${odd[0]} ${show(odd[1])}: give a number, or leave it out`;
  if (Number(min) > Number(max)) return `${here} has the min ${Number(min)}, above its max ${Number(max)}`;
  return undefined;
}

function isLength(length: unknown): boolean {
  return length === null || (Number.isSafeInteger(length) && Number(length) > 0);
}
