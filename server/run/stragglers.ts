import { present } from './attendance.js';
import type { Member, RunState } from './run-state.js';

/** A client that does fewer steps or test batches between two deadlines is slow. */
const FEWEST = 3;
/** After so many slow deadlines in a row a client is a straggler. */
const PATIENCE = 3;
/** After so many, even where the quorum is lost with it, so that no client can hold up a run for ever. */
const LAST_PATIENCE = 10;

/** Why a run stops waiting for a client. */
export interface Straggler {
  readonly client: number;
  readonly why: 'quorum' | 'silent' | 'slow';
}

/**
 * The clients that a turn goes on without. Once a quorum has sent its bottoms: all others. Before: silent and slow clients, if a quorum
 * remains without them, or if they have been slow for long. Where clients train in turns there is no quorum.
 */
export function stragglersOf(state: RunState): Straggler[] {
  const { settings, turn, busy, owing } = state;
  if (!turn) return [];
  const { open, size, present, uploaded } = turn;
  const quorum = settings.schedule.clients === 'in-turns' ? 0 : Math.max(1, Math.ceil(settings.quorum * size));
  if (quorum > 0 && uploaded.length >= quorum) return open.map((client) => ({ client, why: 'quorum' }));
  const waiting = new Set([...turn.arrived, ...[...busy.values()].filter((client) => !owing.has(client))]);
  const late = notComingOn(state, open, (client) => waiting.has(client));
  if (present.length - late.length >= quorum) return late;
  return late.filter(({ client }) => (state.members.get(client)?.slow ?? 0) >= LAST_PATIENCE);
}

/** The clients that an evaluation goes on without. */
export function idleEvaluators(state: RunState): number[] {
  const late = notComingOn(state, [...state.evaluating], (client) => (state.asking.get(client) ?? 0) > 0);
  return late.map(({ client }) => client);
}

/**
 * Clients that have been silent since the last deadline, or slow at several: signs of life alone do not count, or a client could hold up a run for
 * ever. A client that waits for the server, for its turn or for a reply, is not at fault.
 */
function notComingOn(
  { members, heard }: RunState,
  clients: readonly number[],
  waits: (client: number) => boolean,
): Straggler[] {
  return clients.flatMap((client): Straggler[] => {
    const member: Partial<Member> = members.get(client) ?? {};
    const isSlow = !waits(client) && (heard.get(client) ?? 0) < FEWEST;
    member.slow = isSlow ? (member.slow ?? 0) + 1 : 0;
    if (isSlow && member.slow >= PATIENCE) return [{ client, why: 'slow' }];
    return isSlow && !heard.has(client) ? [{ client, why: 'silent' }] : [];
  });
}

/** Whether enough clients have joined to begin without the others. */
export function quorumJoined(state: RunState): boolean {
  const { quorum, clients } = state.settings;
  return present(state) > 0 && present(state) >= quorum * clients;
}
