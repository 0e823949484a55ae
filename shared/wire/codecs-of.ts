import { builtinCodecs } from './codec-book.js';

/** The names of codecs, as options and as settings of a run have them. */
interface CodecNames {
  readonly codecUp?: string | undefined;
  readonly codecDown?: string | undefined;
  readonly codecWeights?: string | undefined;
}

/** The codecs of a run; undefined for float32 as it is, which `fp32` says too. Throws BAD_OPTION for a name that is none. */
export function codecsOf({ codecUp, codecDown, codecWeights }: CodecNames, book = builtinCodecs) {
  const known = (name: string | undefined) =>
    name === undefined || name === 'fp32' ? undefined : book.find(name).name;
  return { codecUp: known(codecUp), codecDown: known(codecDown), codecWeights: known(codecWeights) };
}
