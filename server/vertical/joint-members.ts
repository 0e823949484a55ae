import type { JointEffect, JointState } from './joint-state.js';

type Effects = readonly JointEffect[];

/** Parties that are present and not lagging, in their order. */
export function ready({ members }: JointState): number[] {
  const there = [...members.values()].filter(({ present, lagging }) => present && !lagging);
  return there.map(({ client }) => client).sort((a, b) => a - b);
}

export function everyone({ settings }: JointState): number[] {
  return Array.from({ length: settings.parties }, (_, party) => party);
}

export function arrive(state: JointState, client: number): void {
  if (!state.arrived.includes(client)) state.arrived = [...state.arrived, client];
}

/** Whether a party that is present has not finished its part of the evaluation. */
export function isEvaluating({ members }: JointState): boolean {
  return [...members.values()].some(({ present, lagging, done }) => present && !lagging && !done);
}

/** Begins an evaluation, or predictions, with the first batch of all parties. */
export function beginBatches(state: JointState, phase: 'evaluating' | 'predicting'): void {
  Object.assign(state, { phase, arrived: [], batches: 0, current: null });
  for (const member of state.members.values()) member.done = false;
}

/** How many rows a batch has, of test rows or of rows to predict. */
export function rowsOfBatch({ settings: { batch }, phase, testRows, toPredict }: JointState, index: number): number {
  const rows = phase === 'predicting' ? toPredict : testRows;
  return Math.max(0, Math.min(batch, rows - index * batch));
}

export function withDeadline(state: JointState, effects: Effects, silences = 0): Effects {
  const { deadline } = state.settings;
  if (deadline === undefined || state.phase === 'finished') return effects;
  state.silences = silences;
  return [...effects, { kind: 'set-deadline', seconds: deadline }];
}
