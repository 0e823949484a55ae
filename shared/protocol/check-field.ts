import { TandemError } from '../errors.js';
import type { Field, FieldType } from './fields.js';
import { describeType } from './describe-type.js';

/** Throws BAD_MESSAGE that names the field, its value and what it may be. Tensors and bytes are checked with their payload. */
export function checkField(field: Field, value: unknown, name: string): void {
  if (value === null && (field.optional || field.capability !== undefined)) return;
  check(field, value, name);
}

function check(type: FieldType, value: unknown, name: string): void {
  if (!fits(type, value)) throw wrong(type, value, name);
  if (type.type === 'pair' || type.type === 'list') {
    (value as readonly unknown[]).forEach((item, i) => check(type.of, item, `${name}[${i}]`));
  }
}

function fits(type: FieldType, value: unknown): boolean {
  switch (type.type) {
    case 'count':
      return Number.isSafeInteger(value) && (value as number) >= type.min && (value as number) <= type.max;
    case 'real': {
      const { min, max } = type;
      if (typeof value !== 'number') return false;
      return (min === undefined || value >= min) && (max === undefined || value <= max);
    }
    case 'flag':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string' && value.length <= type.max;
    case 'choice':
      return typeof value === 'string' && type.options.includes(value);
    case 'pair':
      return Array.isArray(value) && value.length === 2;
    case 'list':
    case 'tensors':
      return Array.isArray(value) && value.length <= type.maxItems;
    case 'bytes':
      return value instanceof Uint8Array;
  }
}

function wrong(type: FieldType, value: unknown, name: string): TandemError {
  const shown = value === undefined ? 'missing' : (JSON.stringify(value) ?? typeof value).slice(0, 80);
  return new TandemError('BAD_MESSAGE', `field ${name} is ${shown}, expected ${describeType(type)}`);
}
