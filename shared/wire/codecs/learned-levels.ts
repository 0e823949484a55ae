import type { CodecContext, CodecState } from '../codec.js';
import { restoreChannels } from '../channels.js';
import { countOf, isRandom, type Front } from '../front.js';
import { clampFinite, LARGEST_FLOAT } from '../clamp-finite.js';
import type { PartReader } from '../parts.js';
import { nextRandom, shareOf } from '../random-line.js';
import { ANEW, applyMoves, chooseMoves, pickAnew } from '../range-moves.js';
import { putScales, takeScales, type Scales } from '../scales.js';

/**
 * `int4:learned`: ranges of the channels that are learned over the run, as LSQ learns steps (Esser et al., 2020). Both sides remember them; with each message
 * the sender moves each range, by three bits, to where the mean squared error is least, which cuts off what lies far out.
 */
export function learnedLevels(bits: number): Front {
  const levels = 2 ** bits;
  const choose = (values: Float32Array, context: CodecContext, state: CodecState) => {
    const groups = groupsOf(context);
    const before = rangesIn(state, groups);
    const rounding = { levels, isRandom: isRandom(context), seed: context.seed };
    return { before, ...chooseMoves(values, groups, before, rounding) };
  };
  return {
    encode(values, context, state, out) {
      const { before, moves, scales } = choose(values, context, state);
      out.put(before ? moves : new Uint8Array(), 3);
      putScales(pickAnew(scales, moves), out);
      out.put(quantise(values, scales, levels, isRandom(context) ? context.seed : null), bits);
      return scales;
    },
    decode(context, state, from) {
      const groups = groupsOf(context);
      const before = rangesIn(state, groups);
      const scales = takeRanges(groups, before, levels, from);
      const values = restore(from.take(countOf(context), bits), scales);
      return { values, state: scales };
    },
    errorBound(values, context, state) {
      const { scales } = choose(values, context, state);
      return largestError(values, scales, levels, isRandom(context));
    },
  };
}

function groupsOf({ shape }: CodecContext): number {
  return shape.at(-1) ?? 1;
}

/** Undefined before the first message of so many channels. */
function rangesIn(state: CodecState, groups: number): Scales | undefined {
  const scales = state as Scales | null;
  return scales?.steps.length === groups ? scales : undefined;
}

function takeRanges(groups: number, before: Scales | undefined, levels: number, from: PartReader): Scales {
  const moves = from.take(before ? groups : 0, 3);
  if (!before) {
    const { steps, zeros } = takeScales(groups, from);
    // These are kept, and the message that they stand in is not; the slice of a Buffer would be a view.
    return { steps, zeros: Uint8Array.from(zeros) };
  }
  const count = moves.reduce((sum, move) => sum + (move === ANEW ? 1 : 0), 0);
  return applyMoves(moves, before, takeScales(count, from), levels);
}

function quantise(values: Float32Array, { steps, zeros }: Scales, levels: number, seed: number | null): Uint8Array {
  const groups = steps.length;
  const symbols = new Uint8Array(values.length);
  const spread = seed === null ? 0 : 1;
  const inverses = steps.map((step) => 1 / step);
  const shifts = Float64Array.from(zeros, (zero) => zero + 0.5);
  const top = levels - 1;
  let random = (seed ?? 0) | 0;
  for (let start = 0; start < values.length; start += groups) {
    for (let c = 0; c < groups; c++) {
      random = nextRandom(random);
      const level =
        (values[start + c] as number) * (inverses[c] as number) + (shareOf(random) * spread + (shifts[c] as number));
      symbols[start + c] = level > top ? top : level > 0 ? level : 0;
    }
  }
  return symbols;
}

function restore(symbols: Uint8Array, scales: Scales): Float32Array {
  const values = new Float32Array(symbols.length);
  restoreChannels(symbols, scales, values);
  if (scales.steps.some((step) => step * 256 > LARGEST_FLOAT)) clampFinite(values);
  return values;
}

/** A step, or half of one, or how far a value lies beyond the last level. */
function largestError(values: Float32Array, { steps, zeros }: Scales, levels: number, atRandom: boolean): number {
  const groups = steps.length;
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const c = i % groups;
    const [value, step, zero] = [values[i] as number, steps[c] as number, zeros[c] as number];
    const beyond = Math.max(value - (levels - 1 - zero) * step, -zero * step - value);
    most = Math.max(most, beyond, atRandom ? step : step / 2);
  }
  return most * (1 + levels * 2 ** -22);
}
