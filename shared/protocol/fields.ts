import type { NdArray } from '../ndarray.js';

/** An integer from `min` to `max`. */
interface CountType {
  readonly type: 'count';
  readonly min: number;
  readonly max: number;
}

/** A number; any, infinities and NaN included, where it has no bounds. */
interface RealType {
  readonly type: 'real';
  readonly min?: number;
  readonly max?: number;
}

interface FlagType {
  readonly type: 'flag';
}

/** At most `max` UTF-16 code units. */
interface TextType {
  readonly type: 'text';
  readonly max: number;
}

interface ChoiceType {
  readonly type: 'choice';
  readonly options: readonly string[];
}

type ScalarType = CountType | RealType | FlagType | TextType | ChoiceType;

interface PairType {
  readonly type: 'pair';
  readonly of: ScalarType;
}

interface ListType {
  readonly type: 'list';
  readonly of: ScalarType;
  readonly maxItems: number;
}

/** Dtype and shape in the header, values in the payload. */
interface TensorsType {
  readonly type: 'tensors';
  readonly maxItems: number;
}

/** The payload as it is. */
interface BytesType {
  readonly type: 'bytes';
}

/** What a field may hold, as data. */
export type FieldType = ScalarType | PairType | ListType | TensorsType | BytesType;

/** One field of a message, as data. */
export type Field = FieldType & {
  /** What it says, in one sentence. */
  readonly meaning: string;
  /** Whether nil stands for no value. */
  readonly optional?: true;
  /** The capability that both sides have to name for it; it may then be left out too. */
  readonly capability?: string;
};

/** What a message's bytes are counted as in the accounts of a run. */
export type ByteKind = 'up' | 'down' | 'weights' | 'control' | 'link';

export interface MessageDefinition {
  readonly code: number;
  readonly from: 'client' | 'server' | 'both';
  readonly counts: ByteKind;
  readonly meaning: string;
  /** The capability that both sides have to name before it may be sent. */
  readonly capability?: string;
  /** In the order of the header: tensors after all else that stands there, bytes last and alone. */
  readonly fields: Readonly<Record<string, Field>>;
}

type ScalarOf<F> = F extends { type: 'count' | 'real' }
  ? number
  : F extends { type: 'flag' }
    ? boolean
    : F extends { type: 'text' }
      ? string
      : F extends { type: 'choice'; options: readonly (infer O)[] }
        ? O
        : never;

type PlainOf<F> = F extends { type: 'pair'; of: infer I }
  ? readonly [ScalarOf<I>, ScalarOf<I>]
  : F extends { type: 'list'; of: infer I }
    ? readonly ScalarOf<I>[]
    : F extends { type: 'tensors' }
      ? readonly NdArray[]
      : F extends { type: 'bytes' }
        ? Uint8Array
        : ScalarOf<F>;

type ValueOf<F> = F extends { optional: true } | { capability: string } ? PlainOf<F> | null : PlainOf<F>;

type OfCapability<T> = { [K in keyof T]: T[K] extends { capability: string } ? K : never }[keyof T];

/** The values of a message's fields. Those of a capability may be left out by who writes; who reads finds null. */
export type ValuesOf<T> = { readonly [K in Exclude<keyof T, OfCapability<T>>]: ValueOf<T[K]> } & {
  readonly [K in OfCapability<T>]?: ValueOf<T[K]>;
};

/** A whole number from `min`, 0 or 1 as a rule. */
export function count<const M extends number>(min: M, max: number) {
  return { type: 'count', min, max } as const;
}

export function text(max: number) {
  return { type: 'text', max } as const;
}

/** Any number, infinities and NaN included. */
export const real = { type: 'real' } as const;
export const flag = { type: 'flag' } as const;
export const bytes = { type: 'bytes' } as const;

export function tensors(maxItems: number) {
  return { type: 'tensors', maxItems } as const;
}
