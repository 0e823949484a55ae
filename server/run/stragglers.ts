import type { RunState } from './run-state.js';

/**
 * Whom a run stops waiting for at a deadline. Once the quorum has sent its bottoms: all others. Before: those that were
 * waited for and have said nothing since the last deadline, if the quorum remains without them. A client whose step waits
 * for its place is not at fault. In turns there is one client, and no quorum.
 */
export function stragglersOf({ settings, turn, arrived, applying, heard }: RunState): number[] {
  if (!turn) return [];
  const open = turn.clients.filter((client) => !turn.uploaded.includes(client));
  const quorum = settings.schedule.clients === 'in-turns' ? 0 : Math.max(1, Math.ceil(settings.quorum * turn.size));
  if (quorum > 0 && turn.uploaded.length >= quorum) return open;
  const silent = open.filter((client) => ![...arrived, ...heard, applying].includes(client));
  return turn.clients.length - silent.length >= quorum ? silent : [];
}

/** Whether enough clients have joined to begin without the others. */
export function quorumJoined({ settings, members }: RunState): boolean {
  return members.length > 0 && members.length >= settings.quorum * settings.clients;
}
