import type { Member, RunState } from './run-state.js';

/** Who can be given work, in the order of their places. */
export function ready({ members }: RunState): Member[] {
  return [...members.values()].filter(isReady).sort((a, b) => a.client - b.client);
}

export function isReady(member: Member | undefined): member is Member {
  return member !== undefined && member.present && !member.lagging;
}

/** How many members are here. */
export function present({ members }: RunState): number {
  let count = 0;
  for (const member of members.values()) if (member.present) count++;
  return count;
}

/** Whether a client's turn had gone on without it: what it sent counts no longer, and brings it back. */
export function catchesUp({ members }: RunState, client: number): boolean {
  const member = members.get(client);
  if (!member?.lagging) return false;
  member.lagging = false;
  return true;
}

/** Whether a member is not here. */
export function isMissing(state: RunState): boolean {
  return present(state) < state.members.size;
}

/** A client has said something, which brings it so many steps or test batches further. */
export function hear({ heard }: RunState, client: number, further = 0): void {
  heard.set(client, (heard.get(client) ?? 0) + further);
}

/** Steps of a place's plan that will not be done. */
export function miss({ members }: RunState, client: number, steps: number): void {
  const member = members.get(client);
  if (member) member.missed += steps;
}
