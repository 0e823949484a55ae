import type { ClientAccount, RunEvent } from '../../shared/events.js';
import type { Course } from './course.js';

/** The first event of a run that goes on from a checkpoint, so that displays go back to it, too. */
export function resumedEvent({ state, planned }: Course, accounts: readonly ClientAccount[]): RunEvent {
  const { round, steps, samples, members } = state;
  const inOrder = [...members.values()].sort((a, b) => a.client - b.client);
  const clients = inOrder.map(({ client, samples: own, present }) => {
    const done = accounts.find((account) => account.client === client)?.steps ?? 0;
    return { client, samples: own, steps: done, here: present };
  });
  return { kind: 'resumed', round, steps, samples, planned, clients };
}
