import type { RunState } from './run-state.js';

/**
 * Whom a run stops waiting for at a deadline. Once the quorum has sent its bottoms: all others. Before: those that were
 * waited for and have said nothing since the last deadline, if the quorum remains without them. A client whose step waits
 * for its place is not at fault. In turns there is one client, and no quorum.
 */
export function stragglersOf({ settings, turn, busy, owing, heard }: RunState): number[] {
  if (!turn) return [];
  const { open, size, present, uploaded } = turn;
  const quorum = settings.schedule.clients === 'in-turns' ? 0 : Math.max(1, Math.ceil(settings.quorum * size));
  if (quorum > 0 && uploaded.length >= quorum) return open;
  const served = [...busy.values()].filter((client) => !owing.has(client));
  const active = new Set([...turn.arrived, ...heard, ...served]);
  const silent = open.filter((client) => !active.has(client));
  return present.length - silent.length >= quorum ? silent : [];
}

/** Whether enough clients have joined to begin without the others. */
export function quorumJoined({ settings, members }: RunState): boolean {
  return members.size > 0 && members.size >= settings.quorum * settings.clients;
}
