import type { Member, RunState } from './run-state.js';

/** Clients that can be given work, in the order of their places. */
export function ready({ members }: RunState): Member[] {
  return [...members.values()].filter(isReady).sort((a, b) => a.client - b.client);
}

export function isReady(member: Member | undefined): member is Member {
  return member !== undefined && member.present && !member.lagging;
}

/** How many clients are connected or expected back. */
export function present({ members }: RunState): number {
  let count = 0;
  for (const member of members.values()) if (member.present) count++;
  return count;
}

/** Whether a client's turn had gone on without it: its message does not count, but it takes part again. */
export function catchesUp(
  { members }: { readonly members: ReadonlyMap<number, Pick<Member, 'lagging'>> },
  client: number,
): boolean {
  const member = members.get(client);
  if (!member?.lagging) return false;
  member.lagging = false;
  return true;
}

/** Whether any client is absent. */
export function isMissing(state: RunState): boolean {
  return present(state) < state.members.size;
}

/** Notes a client's message, with how many steps or test batches it is. */
export function hear({ heard }: RunState, client: number, further = 0): void {
  heard.set(client, (heard.get(client) ?? 0) + further);
}

/** Counts steps of a place's plan that will not be done. */
export function miss({ members }: RunState, client: number, steps: number): void {
  const member = members.get(client);
  if (member) member.missed += steps;
}
