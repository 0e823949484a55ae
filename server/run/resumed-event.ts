import type { ClientAccount, RunEvent } from '../../shared/events.js';
import { plannedSteps } from './plan-round.js';
import type { RunState } from './run-state.js';

/** What a run that goes on from a checkpoint tells first, so that whoever shows it goes back to there, too. */
export function resumedEvent(run: RunState, accounts: readonly ClientAccount[]): RunEvent {
  const { round, steps, samples, settings, members } = run;
  const inOrder = [...members.values()].sort((a, b) => a.client - b.client);
  const clients = inOrder.map(({ client, samples: own, present }) => {
    const done = accounts.find((account) => account.client === client)?.steps ?? 0;
    return { client, samples: own, steps: done, here: present };
  });
  return { kind: 'resumed', round, steps, samples, planned: plannedSteps(settings, inOrder), clients };
}
