import { TandemError } from '../shared/errors.js';
import { loadClient } from './checkpoints.js';
import { Participant } from './participant.js';
import type { JoinStep, ParticipateOptions, PartyName, RunOutcome } from './participate-options.js';
import { connectAgain } from './reconnect.js';

export type { JoinStep, ParticipateOptions, PartyName, RunOutcome };

/**
 * Takes part in a run until it ends, step by step: yields after each of this client's own updates, returns what the
 * server reports at the end. Leaving the loop early says goodbye to the server. Throws the server's refusal, LINK_LOST,
 * or BAD_SHAPE and BAD_LABEL when the data do not fit the run.
 */
export async function* participate(options: ParticipateOptions): AsyncGenerator<JoinStep, RunOutcome> {
  const { checkpoints, reconnect } = options;
  let restored = checkpoints && (await loadClient(checkpoints.store));
  for (let { transport } = options; ;) {
    const participant = new Participant({ ...options, transport }, restored);
    try {
      return yield* participant.run();
    } catch (error) {
      if (!reconnect || !(error instanceof TandemError)) throw error;
      const older = participant.isTooNew(error) && checkpoints && (await loadClient(checkpoints.store, restored));
      if (older) participant.stepAside();
      // Nothing is lost yet: it joins as if for the first time.
      else if (!participant.canStartOver(error)) throw error;
      restored = older || undefined;
    } finally {
      participant.dispose();
    }
    transport = await connectAgain(reconnect, 'known');
  }
}
