import type { Field, FieldType } from '../../../shared/protocol/fields.js';
import { definitionOf, type Message, type MessageName } from '../../../shared/protocol/messages.js';
import { ndarray, type NdArray } from '../../../shared/ndarray.js';
import type { Rng } from '../../../shared/rng.js';

/** Sizes at which something overflows, is taken for nothing, or is just allowed. */
const REALS = [NaN, Infinity, -Infinity, 0, -1, 1, 1e-38, 1e7, -1e7, 1e14, 9.9e14, 1e15, 1.1e15, 3e38, -3e38, 2e297];
const COUNTS = [0, 1, 2, 7, 21, 60, 1_000, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 1e9, 1e12, Number.MAX_SAFE_INTEGER];
/** What a terminal, a log or a page might obey. */
export const TEXTS = [
  '',
  'a\nlevel: error, forged',
  '\u001b[2J\u001b[31mred\u0007',
  '\u202egnp.exe',
  '\u0000',
  'x'.repeat(300),
  'W'.repeat(40),
  '<img src=x onerror=alert(1)>',
  '\u0301'.repeat(40),
  '\ud800',
  '__proto__',
  '-1',
  '1e3',
  'active',
];

/** A message with one of these fields, or a few, changed: to something that its definition allows, as a rule. */
export function oddMessage(rng: Rng, message: Message, names: readonly string[]): Message {
  const { fields } = definitionOf(message.type);
  const values = { ...message } as Record<string, unknown>;
  for (let times = 1 + rng.int(2); times > 0; times--) {
    const name = pick(rng, names);
    const field = fields[name];
    if (field) values[name] = oddField(rng, field, values[name]);
  }
  return values as unknown as Message;
}

/** Any message of one side, with values of its own. */
export function madeUp(rng: Rng, names: readonly MessageName[]): Message {
  const type = names[rng.int(names.length)] ?? 'bye';
  const fields = Object.entries(definitionOf(type).fields).map(([name, field]) => [name, oddField(rng, field, null)]);
  return { type, ...Object.fromEntries(fields) } as Message;
}

function oddField(rng: Rng, field: Field, value: unknown): unknown {
  if (field.optional && rng.int(4) === 0) return null;
  return odd(rng, field, value);
}

function odd(rng: Rng, type: FieldType, value: unknown): unknown {
  switch (type.type) {
    case 'count':
      return oddCount(rng, type, value);
    case 'real':
      return Math.min(type.max ?? Infinity, Math.max(type.min ?? -Infinity, oddReal(rng, value)));
    case 'flag':
      return rng.int(2) === 0;
    case 'text':
      return pick(rng, TEXTS).slice(0, type.max);
    case 'choice':
      return pick(rng, type.options);
    case 'pair':
      return [odd(rng, type.of, null), odd(rng, type.of, null)];
    case 'list':
      return oddList(rng, type, Array.isArray(value) ? (value as readonly unknown[]) : []);
    case 'tensors':
      return oddTensors(rng, Array.isArray(value) ? (value as readonly NdArray[]) : []);
    case 'bytes':
      return oddBytes(rng, value instanceof Uint8Array ? value : new Uint8Array());
  }
}

/** As long as it was, as a rule: of any other length it is refused for that. */
function oddList(rng: Rng, { of, maxItems }: FieldType & { type: 'list' }, values: readonly unknown[]): unknown[] {
  if (rng.int(4) > 0) return values.map((value) => odd(rng, of, value));
  return Array.from({ length: pick(rng, [0, 1, 2, Math.min(maxItems, 40)]) }, () => odd(rng, of, null));
}

function oddCount(rng: Rng, { min, max }: { min: number; max: number }, value: unknown): number {
  const own = typeof value === 'number' ? [value - 1, value + 1, 2 * value] : [];
  const drawn = pick(rng, [min, max, ...COUNTS, ...own, ...own, Math.floor(10 ** (9 * rng.float()))]);
  return Math.min(max, Math.max(min, drawn));
}

/** Any size that a number has, and often one near what was meant. */
export function oddReal(rng: Rng, value: unknown): number {
  const near = typeof value === 'number' ? value * 10 ** (4 * rng.float() - 2) : rng.float();
  const sign = rng.int(2) === 0 ? 1 : -1;
  const any = sign * rng.float() * 10 ** (rng.int(77) - 38);
  // Large, and still within the bounds of weights.
  const large = sign * 10 ** (15 * rng.float());
  return pick(rng, [near, near, -near, any, large, pick(rng, REALS)]);
}

function oddTensors(rng: Rng, tensors: readonly NdArray[]): readonly NdArray[] {
  switch (rng.int(8)) {
    case 0:
      return [];
    case 1:
      return [...tensors, ...tensors].slice(0, 4);
    default:
      return tensors.map((tensor) => oddTensor(rng, tensor));
  }
}

function oddTensor(rng: Rng, { dtype, shape, data }: NdArray): NdArray {
  const copy = data.slice();
  if (copy.length > 0) {
    const at = rng.int(copy.length);
    const to = dtype === 'float32' ? oddReal(rng, copy[at]) : pick(rng, [0, 1, 2, -1, 255, 2 ** 31 - 1]);
    const kind = rng.int(4);
    if (kind === 0) copy[at] = to;
    if (kind === 1) copy.fill(to);
    if (kind === 2) for (let i = 0; i < copy.length; i++) copy[i] = (copy[i] ?? 0) * to;
    // Fewer rows than there were, or the same one again and again.
    const [rows = 1, ...rest] = shape;
    const width = copy.length / (rows || 1);
    const fewer = 1 + rng.int(Math.max(1, rows));
    if (kind === 3 && shape.length > 0) return ndarray(dtype, [fewer, ...rest], copy.slice(0, fewer * width));
  }
  return ndarray(dtype, [...shape], copy);
}

/** Of weights as a rule: each four bytes are a number. */
function oddBytes(rng: Rng, value: Uint8Array): Uint8Array {
  const bytes = value.slice();
  const at = rng.int(Math.max(1, bytes.length));
  const numbers = new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
  const to = oddReal(rng, numbers[rng.int(Math.max(1, numbers.length))]);
  switch (rng.int(7)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      bytes[at] = rng.int(256);
      return bytes;
    case 2:
      numbers.fill(to);
      return bytes;
    case 3:
      numbers.forEach((number, i) => (numbers[i] = number * to));
      return bytes;
    case 4:
      if (numbers.length > 0) numbers[rng.int(numbers.length)] = to;
      return bytes;
    case 5:
      numbers.forEach((_, i) => (numbers[i] = rng.normal()));
      return bytes;
    default:
      // Lengths and figures in JSON.
      return new TextEncoder().encode(
        new TextDecoder().decode(bytes).replace(/\d+/g, (all) => (rng.int(6) === 0 ? String(pick(rng, COUNTS)) : all)),
      );
  }
}

export function pick<T>(rng: Rng, of: readonly T[]): T {
  return of[rng.int(of.length)] as T;
}
