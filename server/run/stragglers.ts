import { present } from './attendance.js';
import type { Member, RunState } from './run-state.js';

/** Steps, or batches of test samples, between two deadlines: who does fewer whenever it is waited for is too slow. */
const FEWEST = 3;
/** At so many deadlines in a row. */
const PATIENCE = 3;
/** At so many, also where the quorum does not remain: a run does not last as long as somebody is silent. */
const LAST_PATIENCE = 10;

/** Why a run stops waiting for a client. */
export interface Straggler {
  readonly client: number;
  readonly why: 'quorum' | 'silent' | 'slow';
}

/**
 * Whom a turn goes on without. Once the quorum has sent its bottoms: all others. Before: those that were waited for and have
 * not come on, if the quorum remains without them, or if that has gone on for long. In turns there is one client, and no quorum.
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

/** Whom an evaluation goes on without. */
export function idleEvaluators(state: RunState): number[] {
  const late = notComingOn(state, [...state.evaluating], (client) => (state.asking.get(client) ?? 0) > 0);
  return late.map(({ client }) => client);
}

/**
 * Who has said nothing since the last deadline, or has hardly come on at several: a sign of life is not enough, or a run would last as long as somebody
 * likes. Who waits for the server, for its place behind another or for an answer, is not at fault.
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
