import { isObject, like, text } from '../fields/rules.js';
import { textLimits } from '../protocol/limits.js';
import type { Codec } from './codec.js';

const METHODS = ['encode', 'decode', 'errorBound'] as const satisfies readonly (keyof Codec)[];

/** A custom codec; its name goes into `welcome`. */
export const ownCodecRule = like('a codec: { name, encode, decode, errorBound }', (value) => {
  if (!isObject(value)) return false;
  const { name, correction = 0 } = value as Record<string, unknown>;
  if (typeof correction !== 'number' || !(correction >= 0 && correction < Infinity)) return false;
  const isNamed = text.fault(name) === undefined && (name as string).length <= textLimits.line;
  return isNamed && METHODS.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
});

/** By name, or a custom one. */
export const codecRule = like("a codec's name, such as 'int8', or { name, encode, decode, errorBound }", (value) =>
  typeof value === 'string' ? value !== '' : ownCodecRule.fault(value) === undefined,
);
