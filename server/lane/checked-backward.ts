import type { Segment, SegmentState } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import { areFinite, largestOf, USUAL, type NdArray } from '../../shared/ndarray.js';
import { backward, predict, update, type Pass } from '../../shared/step/walk.js';
import { LARGEST_TRAINED } from '../run/overflow.js';
import { probeLike } from './roll-back.js';

const LIMITED = 'check the data or lower the learning rate; the limit is that of the server (--max-gradient)';

/** The result of a step's backward pass. */
export interface CheckedGradient {
  readonly cutGradient: readonly NdArray[];
  /** The norm of the gradient of the lane's weights. */
  readonly norm: number;
  /** Whether the update was applied already, to try it. */
  readonly isUpdated: boolean;
}

/** One step may make a lane's outputs for usual inputs at most so many times as large. */
const MOST_JUMP = 100;

export interface WayDown {
  /** The top gradient, where a client has the loss. */
  readonly outputGradients?: readonly NdArray[];
  /** The step's smashed data, where its update may spoil the lane for other clients. */
  readonly suspect?: () => readonly NdArray[] | undefined;
}

/** The backward pass of a step. Throws BAD_STATE without a forward pass, BAD_VALUE where this update, or one after it, could leave anything that is not finite. */
export async function checkedBackward(
  pass: Pass | undefined,
  step: number,
  maxGradient: number,
  { outputGradients, suspect }: WayDown = {},
): Promise<CheckedGradient> {
  if (!pass) throw new TandemError('BAD_STATE', `step ${step} has no first half`, undefined, step);
  const cutGradient = await backward(pass, outputGradients);
  if (!areFinite(cutGradient)) throw unusableStep(step, `the cut gradient of step ${step} is not finite`);
  const norms = await Promise.all(pass.segments.map((segment) => segment.norms()));
  const norm = norms.reduce((sum, { gradients }) => Math.hypot(sum, gradients), 0);
  const what = `the weights' gradient in step ${step} has the norm ${norm}`;
  if (!(norm <= maxGradient)) throw unusableStep(step, `${what}, over ${maxGradient}`, LIMITED);
  if (!norms.every(({ averages }) => Number.isFinite(averages))) {
    throw unusableStep(step, `a moving average after step ${step} is not finite`);
  }
  const suspected = norm > USUAL ? suspect?.() : undefined;
  const isUpdated = norm > LARGEST_TRAINED || suspected !== undefined;
  if (isUpdated && !(await tryUpdate(pass, suspected && probeLike(suspected)))) {
    const jump = suspected ? `, or make what others get over ${MOST_JUMP} times as large` : '';
    throw unusableStep(step, `${what}, and would leave weights that nothing can be computed with${jump}`);
  }
  return { cutGradient, norm, isUpdated };
}

export function unusableStep(
  step: number,
  what: string,
  action = 'lower the learning rate or check the data',
): TandemError {
  return new TandemError('BAD_VALUE', what, action, step);
}

/**
 * Applies an update, and undoes it where other clients' steps could overflow after it: its own client is at fault, not the one that comes next.
 * Returns whether it stands.
 */
async function tryUpdate(pass: Pass, probe: readonly NdArray[] | undefined): Promise<boolean> {
  const { segments } = pass;
  const most = probe && MOST_JUMP * Math.max(1, await largestAnswer(pass, probe));
  const before = await Promise.all(segments.map((segment) => segment.state()));
  await update(pass);
  const isUsable =
    (await haveUsableWeights(segments, before)) &&
    (!probe || most === undefined || (await largestAnswer(pass, probe)) <= most);
  if (!isUsable) for (const [at, state] of before.entries()) await segments[at]?.restore(state);
  return isUsable;
}

async function haveUsableWeights(segments: readonly Segment[], before: readonly SegmentState[]): Promise<boolean> {
  for (const [i, segment] of segments.entries()) {
    const trained = (weights: readonly NdArray[]) => weights.filter((_, w) => segment.spec.weights[w]?.trainable);
    const most = Math.max(LARGEST_TRAINED, largestOf(trained(before[i]?.weights ?? [])));
    const now = trained(await segment.weights());
    if (!areFinite(now) || largestOf(now) > most) return false;
  }
  return true;
}

async function largestAnswer({ segments }: Pass, probe: readonly NdArray[]): Promise<number> {
  const { outputs } = await predict(segments, probe);
  return areFinite(outputs) ? largestOf(outputs) : Infinity;
}
