import { isAligned } from '../shared/protocol/pace.js';
import { learnsAlone } from './session-reducer.js';
import type { SessionState } from './session-state.js';

/** Work that a client does by itself while no message has arrived. */
export type OwnWork =
  /** A training step; an aligned one leaves the bottom to the server's cut gradient. Where `isReported`, the server is told of it and nothing more. */
  | { readonly kind: 'practise'; readonly step: number; readonly aligned: boolean; readonly isReported: boolean }
  /** Sends a batch of samples for the server's pool, counted from 0, and does not learn. */
  | { readonly kind: 'pass'; readonly step: number; readonly batch: number }
  /** Scores a batch of test samples on the whole model. */
  | { readonly kind: 'examine'; readonly batch: number };

/** The work to do now; undefined while the client waits for the server. */
export function ownWork(state: SessionState): OwnWork | undefined {
  const { phase, holds, step, stepsLeft, underWay, answered, queries, pace, work } = state;
  if (phase === 'evaluating' && holds === 'whole') {
    return answered < queries ? { kind: 'examine', batch: answered } : undefined;
  }
  if (phase !== 'training' || stepsLeft === 0 || !learnsAlone(state)) return undefined;
  const aligned = (other: number) => holds === 'auxiliary' && isAligned(pace, other);
  const last = underWay.at(-1);
  if (underWay.length >= pace.window || (last && aligned(last.step))) return undefined;
  const { sends = null, steps = 0 } = work ?? {};
  if (sends) return { kind: 'pass', step: step + 1, batch: steps - stepsLeft };
  return { kind: 'practise', step: step + 1, aligned: aligned(step + 1), isReported: sends !== null };
}
