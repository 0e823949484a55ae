import type { JointEffect, JointMember, JointState } from './joint-state.js';

type Effects = readonly JointEffect[];

/** Parties that the others do not go on without, in their order. */
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

/** Whether the others had gone on without it; it is one of them again. */
export function catchesUp({ members }: JointState, client: number): boolean {
  const member: Partial<JointMember> = members.get(client) ?? {};
  const { lagging = false } = member;
  member.lagging = false;
  return lagging;
}

/** Whether somebody who is there has not finished its part of the evaluation. */
export function isEvaluating({ members }: JointState): boolean {
  return [...members.values()].some(({ present, lagging, done }) => present && !lagging && !done);
}

/** All begin with the first batch of an evaluation. */
export function beginBatches(state: JointState, phase: 'evaluating' | 'predicting'): void {
  Object.assign(state, { phase, arrived: [], batches: 0, current: null });
  for (const member of state.members.values()) member.done = false;
}

/** How many rows a batch of test rows has, or one of rows to predict. */
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
