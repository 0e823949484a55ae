import { finish } from '../run/after-evaluation.js';
import { beginBatches, everyone, isEvaluating, ready, rowsOfBatch, withDeadline } from './joint-members.js';
import type { JointEffect, JointState } from './joint-state.js';

type Effects = readonly JointEffect[];

/** Training has ended well: predicts rows before the end, if there are any and all parties are present. */
export function endOrPredict(state: JointState): Effects {
  if (state.toPredict === 0) return finish(state);
  if (!areAllThere(state)) return endPredicting(state);
  Object.assign(state, { phase: 'recalling', arrived: [], batches: 0 });
  return [{ kind: 'recall' }];
}

/** The lanes and bottoms are those of the final model: begins to predict. */
export function beginPredicting(state: JointState): Effects {
  if (state.phase !== 'recalling') return [];
  if (!areAllThere(state)) return endPredicting(state);
  beginBatches(state, 'predicting');
  return withDeadline(state, [{ kind: 'begin-predicting', round: state.round, clients: ready(state) }]);
}

/** Predicts the next batch once all parties have sent their parts. Zeros do not replace a missing party here, as predictions would look like the model's. */
export function goOnPredicting(state: JointState): Effects {
  const { arrived, batches } = state;
  if (!areAllThere(state)) return endPredicting(state);
  if (rowsOfBatch(state, batches) === 0) return isEvaluating(state) ? [] : endPredicting(state);
  if (!everyone(state).every((party) => arrived.includes(party))) return [];
  Object.assign(state, { current: arrived, arrived: [] });
  return [{ kind: 'predict', batch: batches, clients: arrived }];
}

/** Ends the run well, with the rows predicted so far. */
export function endPredicting(state: JointState): Effects {
  const { batches, settings, phase, toPredict } = state;
  const rows = phase === 'predicting' ? Math.min(toPredict, batches * settings.batch) : 0;
  return [{ kind: 'tell-predicted', rows, of: toPredict }, ...finish(state)];
}

function areAllThere(state: JointState): boolean {
  return ready(state).length === state.settings.parties;
}
