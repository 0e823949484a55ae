import { rangesOfChannels } from './channels.js';
import { expectedError, lookAt, type Rounding } from './range-error.js';
import { LARGEST_STEP, LEAST_STEP, newScales, scalesOf, type Scales } from './scales.js';

/** What a message does to the range of a channel that both sides have. */
interface Move {
  readonly factor: number;
  readonly shift: number;
}

/** An eighth of an octave, or a whole one, down or up; zero one level down or up. Written out, since powers differ between machines. */
const MOVES: readonly Move[] = [
  { factor: 1, shift: 0 },
  { factor: 0.9170040432046712, shift: 0 },
  { factor: 1.0905077326652577, shift: 0 },
  { factor: 0.5, shift: 0 },
  { factor: 2, shift: 0 },
  { factor: 1, shift: -1 },
  { factor: 1, shift: 1 },
];
/** The range is not moved but sent anew. */
export const ANEW = MOVES.length;
/** Where that leaves so small a share of the error that the moves would leave: it takes more bytes. */
const WORTH = 0.5;

/** A range, and the squared error that it would leave. */
interface Choice {
  readonly move: number;
  readonly step: number;
  readonly zero: number;
  readonly error: number;
}

type ErrorOf = (step: number, zero: number) => number;

/** The moves by which the mean squared error of these values is least, and the ranges after them. Values of a channel stand `groups` apart. */
export function chooseMoves(
  values: Float32Array,
  groups: number,
  before: Scales | undefined,
  rounding: Rounding,
): { readonly moves: Uint8Array; readonly scales: Scales } {
  const { levels, seed } = rounding;
  const whole = wholeRanges(values, groups, levels);
  const moves = new Uint8Array(groups);
  const scales = newScales(groups);
  for (let c = 0; c < groups; c++) {
    const [step, zero] = [whole.steps[c] as number, whole.zeros[c] as number];
    const sample = lookAt(values, c, groups, { low: -zero * step, high: (levels - 1 - zero) * step }, seed);
    const errorOf: ErrorOf = (ofStep, ofZero) => expectedError(sample, ofStep, ofZero, rounding);
    const kept = before && bestMove(before.steps[c] as number, before.zeros[c] as number, levels, errorOf);
    const anew = clipped(step, zero, errorOf);
    const best = kept && anew.error >= WORTH * kept.error ? kept : anew;
    moves[c] = best.move;
    scales.steps[c] = best.step;
    scales.zeros[c] = best.zero;
  }
  return { moves, scales };
}

/** The ranges after moves that the other side has sent, with those that came anew in their order. */
export function applyMoves(moves: Uint8Array, before: Scales, anew: Scales, levels: number): Scales {
  const scales = { steps: before.steps.slice(), zeros: before.zeros.slice() };
  let at = 0;
  for (let c = 0; c < moves.length; c++) {
    const move = MOVES[moves[c] as number];
    scales.steps[c] = move ? movedStep(before.steps[c] as number, move) : (anew.steps[at] as number);
    scales.zeros[c] = move ? movedZero(before.zeros[c] as number, move, levels) : (anew.zeros[at] as number);
    if (!move) at++;
  }
  return scales;
}

/** Of the channels that are sent anew, as they travel. */
export function pickAnew({ steps, zeros }: Scales, moves: Uint8Array): Scales {
  const which = [...moves.keys()].filter((c) => moves[c] === ANEW);
  return {
    steps: Float64Array.from(which, (c) => steps[c] as number),
    zeros: Uint8Array.from(which, (c) => zeros[c] as number),
  };
}

function bestMove(step: number, zero: number, levels: number, errorOf: ErrorOf): Choice {
  let best: Choice = { move: 0, step, zero, error: errorOf(step, zero) };
  for (let m = 1; m < MOVES.length; m++) {
    const move = MOVES[m] as Move;
    const [other, place] = [movedStep(step, move), movedZero(zero, move, levels)];
    if (other === step && place === zero) continue;
    const error = errorOf(other, place);
    if (error < best.error) best = { move: m, step: other, zero: place, error };
  }
  return best;
}

function movedStep(step: number, { factor }: Move): number {
  return Math.min(LARGEST_STEP, Math.max(LEAST_STEP, step * factor));
}

function movedZero(zero: number, { shift }: Move, levels: number): number {
  return Math.min(levels - 1, Math.max(0, zero + shift));
}

/** The range that holds all values, halved for as long as finer steps gain more than what is cut off costs. */
function clipped(step: number, zero: number, errorOf: ErrorOf): Choice {
  let best: Choice = { move: ANEW, step, zero, error: errorOf(step, zero) };
  while (best.step / 2 >= LEAST_STEP) {
    const error = errorOf(best.step / 2, zero);
    if (error >= best.error) break;
    best = { ...best, step: best.step / 2, error };
  }
  return best;
}

function wholeRanges(values: Float32Array, groups: number, levels: number): Scales {
  const [least, most] = [new Float64Array(groups), new Float64Array(groups)];
  rangesOfChannels(values, least, most);
  return scalesOf(least, most, levels);
}
