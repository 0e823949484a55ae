import type { FieldType } from './fields.js';

/** What a field may hold, in words for people. */
export function describeType(type: FieldType): string {
  switch (type.type) {
    case 'count':
      return `an integer from ${showBound(type.min)} to ${showBound(type.max)}`;
    case 'real':
      return type.min === undefined ? 'a number' : `a number from ${type.min} to ${showBound(type.max ?? Infinity)}`;
    case 'flag':
      return 'true or false';
    case 'text':
      return `text of at most ${type.max} characters`;
    case 'choice':
      return `one of ${type.options.join(', ')}`;
    case 'pair':
      return `a pair, each ${describeType(type.of)}`;
    case 'list':
      return `a list of at most ${type.maxItems}, each ${describeType(type.of)}`;
    case 'tensors':
      return `a list of at most ${type.maxItems} tensors`;
    case 'bytes':
      return 'bytes';
  }
}

/** Large powers of two and of ten as such. */
export function showBound(number: number): string {
  if (number === Number.MAX_SAFE_INTEGER) return '2^53 - 1';
  const exponent = Math.log10(number);
  return number >= 1_000_000 && Number.isInteger(exponent) ? `10^${exponent}` : String(number);
}
