import { TandemError } from '../errors.js';
import { nearestName } from '../fields/nearest-name.js';
import type { Codec } from './codec.js';
import { bf16 } from './codecs/bfloat16.js';
import { fp16 } from './codecs/float16.js';
import { fp32 } from './codecs/float32.js';
import { delta } from './codecs/delta.js';
import { learnedLevels } from './codecs/learned-levels.js';
import { packedBits } from './codecs/packed-bits.js';
import { product } from './codecs/product.js';
import { project } from './codecs/project.js';
import { rans } from './codecs/rans.js';
import { topK } from './codecs/top-k.js';
import { wholeLevels } from './codecs/whole-levels.js';
import { compose } from './compose.js';
import { plainContext } from './tensor-context.js';
import type { Front, Transform } from './front.js';
import type { SymbolCoder } from './parts.js';

/** Codecs by their names. */
export interface CodecRegistry {
  /** Throws BAD_OPTION for a name that is none. */
  find(name: string): Codec;
}

/** A stage of a sum: it changes values, makes symbols of them, or says how symbols stand in bytes. */
type Stage =
  | { readonly kind: 'transform'; readonly transform: Transform; readonly correction?: number }
  | { readonly kind: 'quantiser'; readonly front: Front }
  | { readonly kind: 'coder'; readonly coder: SymbolCoder };

/** Which values share a quantiser's range: those of a sample, a channel, the whole tensor, or a channel over the run. */
export const rangesOf = ['sample', 'channel', 'tensor', 'learned'] as const;

/** The share of kept values that `randtopk` picks at random. */
const CHANCE = 0.1;

interface StageKind {
  /** What may stand after its name, for people. */
  readonly says: string;
  /** Undefined where the argument does not fit. */
  make(argument: string | undefined): Stage | undefined;
}

const stages: Readonly<Record<string, StageKind>> = {
  delta: { says: '[:PERCENT|auto], from 0 to 100', make: differences },
  project: { says: ':RATIO, from 1 to 1000', make: (argument = '') => changed(argument, 1, 1000, project) },
  topk: share((percent) => topK(percent, 0)),
  randtopk: share((percent) => topK(percent, CHANCE)),
  correct: { says: ':LAMBDA, above 0 and up to 1000', make: correction },
  fp32: plain(fp32),
  fp16: plain(fp16),
  bf16: plain(bf16),
  int8: levels(8),
  int4: levels(4),
  int3: levels(3),
  int2: levels(2),
  pq: { says: ':SIZE, a whole number from 2 to 64', make: groups },
  rans: { says: '', make: (argument) => (argument === undefined ? { kind: 'coder', coder: rans } : undefined) },
};

/** What can be part of a codec's name, for people. */
export const stageNames: readonly string[] = Object.entries(stages).map(([name, { says }]) => name + says);

/** A registry of the codecs that come with Tandem and of custom ones, whose names no sum can have. */
export function codecRegistry(own: readonly Codec[] = []): CodecRegistry {
  const known = new Map<string, Codec>(own.map((codec) => [codec.name, guarded(codec)]));
  return {
    find(name) {
      const codec = known.get(name) ?? parseCodec(name);
      known.set(name, codec);
      return codec;
    },
  };
}

export const builtinCodecs = codecRegistry();

/** A codec of a user's own is given bytes and contexts that it may keep, or take apart. */
function guarded(codec: Codec): Codec {
  const { name, correction } = codec;
  return {
    name,
    ...(correction === undefined ? {} : { correction }),
    encode: (values, context, state) => codec.encode(values, plainContext(context), state),
    decode: (bytes, context, state) => codec.decode(new Uint8Array(bytes), plainContext(context), state),
    errorBound: (values, context, state) => codec.errorBound(values, plainContext(context), state),
  };
}

/** A sum such as `topk:8+int4+rans`. */
function parseCodec(name: string): Codec {
  const parts = name.split('+').map((text) => stageOf(name, text));
  const transforms = parts.flatMap((stage) => (stage.kind === 'transform' ? [stage.transform] : []));
  const quantisers = parts.flatMap((stage) => (stage.kind === 'quantiser' ? [stage.front] : []));
  const coders = parts.flatMap((stage) => (stage.kind === 'coder' ? [stage.coder] : []));
  const corrections = parts.flatMap((stage) => (stage.kind === 'transform' ? (stage.correction ?? []) : []));
  const kinds = ['transform', 'quantiser', 'coder'];
  const inOrder = parts.every(({ kind }, i) => kinds.indexOf(kind) >= kinds.indexOf(parts[i - 1]?.kind ?? kind));
  if (!inOrder || [corrections, quantisers, coders].some(({ length }) => length > 1)) {
    throw refuse(
      name,
      'is no sum',
      'name what changes values first, then one quantiser, then a coder, each once: topk:8+int4+rans',
    );
  }
  const front = transforms.reduceRight((inner, transform) => transform(inner), quantisers[0] ?? fp32);
  return compose(name, front, coders[0] ?? packedBits, corrections[0]);
}

function stageOf(name: string, text: string): Stage {
  const [word = '', argument, more] = text.split(':');
  const kind = Object.hasOwn(stages, word) ? stages[word] : undefined;
  if (!kind) {
    const meant = nearestName(word, Object.keys(stages));
    const known = `a codec is a sum of ${stageNames.join(', ')}`;
    throw refuse(name, `names '${word}', which is none`, meant ? `did you mean '${meant}'? ${known}` : known);
  }
  const stage = more === undefined ? kind.make(argument) : undefined;
  if (!stage) throw refuse(name, `has ':${text.slice(word.length + 1)}' after '${word}'`, `write ${word}${kind.says}`);
  return stage;
}

function refuse(name: string, what: string, action: string): TandemError {
  return new TandemError('BAD_OPTION', `the codec '${name.slice(0, 80)}' ${what}`, action);
}

function plain(front: Front): StageKind {
  return { says: '', make: (argument) => (argument === undefined ? { kind: 'quantiser', front } : undefined) };
}

function levels(bits: number): StageKind {
  return {
    says: `[:${rangesOf.join('|:')}]`,
    make: (argument = 'sample') => {
      const rangeOf = rangesOf.find((each) => each === argument);
      if (!rangeOf) return undefined;
      return { kind: 'quantiser', front: rangeOf === 'learned' ? learnedLevels(bits) : wholeLevels(bits, rangeOf) };
    },
  };
}

function differences(argument = '0'): Stage | undefined {
  if (argument === 'auto') return { kind: 'transform', transform: delta('auto') };
  return changed(argument, 0, 100, delta);
}

/** Values go as they are; it is the sender's gradient that changes. */
function correction(argument = ''): Stage | undefined {
  if (!(Number(argument) > 0)) return undefined;
  const stage = changed(argument, 0, 1000, () => (inner) => inner);
  return stage?.kind === 'transform' ? { ...stage, correction: Number(argument) } : undefined;
}

function groups(argument = ''): Stage | undefined {
  const size = /^\d{1,2}$/.test(argument) ? Number(argument) : NaN;
  return size >= 2 && size <= 64 ? { kind: 'quantiser', front: product(size) } : undefined;
}

function share(transform: (percent: number) => Transform): StageKind {
  return {
    says: ':PERCENT, above 0 and up to 100',
    make: (argument = '') => (Number(argument) > 0 ? changed(argument, 0, 100, transform) : undefined),
  };
}

/** A stage that changes values, by a number of its argument. */
function changed(
  argument: string,
  least: number,
  most: number,
  transform: (number: number) => Transform,
): Stage | undefined {
  const number = /^\d+(\.\d+)?$/.test(argument) ? Number(argument) : NaN;
  return number >= least && number <= most ? { kind: 'transform', transform: transform(number) } : undefined;
}
