import { codecRegistry } from './codec-registry.js';
import type { Codec } from './codec.js';

/** A codec by its name, or a custom one. */
export type CodecChoice = string | Codec;

/** The codecs of a run, as its options have them. */
export interface CodecChoices {
  readonly codecUp?: CodecChoice | undefined;
  readonly codecDown?: CodecChoice | undefined;
  readonly codecWeights?: CodecChoice | undefined;
}

/** The custom ones. */
export function ownCodecs({ codecUp, codecDown, codecWeights }: CodecChoices): readonly Codec[] {
  return [codecUp, codecDown, codecWeights].filter((choice) => typeof choice === 'object');
}

/** The names of a run's codecs; undefined for float32 as it is, which `fp32` says too. Throws BAD_OPTION for a name that is none. */
export function codecsOf(choices: CodecChoices) {
  const registry = codecRegistry(ownCodecs(choices));
  const named = (choice: CodecChoice | undefined) => {
    if (choice === undefined || choice === 'fp32') return undefined;
    return registry.find(typeof choice === 'object' ? choice.name : choice).name;
  };
  const { codecUp, codecDown, codecWeights } = choices;
  return { codecUp: named(codecUp), codecDown: named(codecDown), codecWeights: named(codecWeights) };
}
