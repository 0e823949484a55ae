import { isAligned } from '../shared/protocol/pace.js';
import { learnsAlone } from './session-reducer.js';
import type { SessionState } from './session-state.js';

/** What a client does without being told each time, for as long as no message comes. */
export type OwnWork =
  /** A training step; an aligned one leaves the bottom to the server's cut gradient. */
  | { readonly kind: 'practise'; readonly step: number; readonly aligned: boolean }
  /** Scores a batch of test samples on the whole model. */
  | { readonly kind: 'examine'; readonly batch: number };

/** What to do now without waiting for anything; undefined when the next move is the server's. */
export function ownWork(state: SessionState): OwnWork | undefined {
  const { phase, holds, step, stepsLeft, underWay, answered, queries, pace } = state;
  if (phase === 'evaluating' && holds === 'whole') {
    return answered < queries ? { kind: 'examine', batch: answered } : undefined;
  }
  if (phase !== 'training' || stepsLeft === 0 || !learnsAlone(state)) return undefined;
  const aligned = (other: number) => holds === 'auxiliary' && isAligned(pace, other);
  const last = underWay.at(-1);
  if (underWay.length >= pace.window || (last && aligned(last.step))) return undefined;
  return { kind: 'practise', step: step + 1, aligned: aligned(step + 1) };
}
