import { asTandemError } from '../shared/errors.js';
import { refuseOtherData } from '../shared/data/check-dataset.js';
import { loadClient } from './checkpoints.js';
import type { Transport } from '../shared/transport/transport.js';
import { Participant } from './participant.js';
import type { JoinStep, ParticipateOptions, PartyName, RunOutcome } from './participate-options.js';
import { checkFields } from '../shared/fields/check-fields.js';
import { participateFields } from './join-fields.js';
import { FreshStart } from './fresh-start.js';

export type { JoinStep, ParticipateOptions, PartyName, RunOutcome };

/**
 * Takes part in a run until it ends, step by step: yields after each of this client's own updates, returns what the
 * server reports at the end. Leaving the loop early says goodbye to the server. Throws the server's refusal, LINK_LOST,
 * or BAD_SHAPE, BAD_VALUE, BAD_LABEL and BAD_DATA when the data do not fit the run; the server is told the code, not the data.
 */
export async function* participate(options: ParticipateOptions): AsyncGenerator<JoinStep, RunOutcome> {
  checkFields('participate()', options, participateFields);
  const { checkpoints, data, leave, reconnect } = options;
  refuseOtherData(data);
  const namesPlace = options.place !== undefined || options.party !== undefined;
  const freshStart = reconnect && new FreshStart(reconnect, { leave, namesPlace });
  let restored = checkpoints && (await loadClient(checkpoints.store));
  for (let { transport } = options; ;) {
    let again: (() => Promise<Transport>) | undefined;
    const participant = new Participant({ ...options, transport }, restored);
    try {
      return yield* participant.run();
    } catch (error) {
      const failure = asTandemError(error);
      const older = participant.isTooNew(failure) && checkpoints && (await loadClient(checkpoints.store, restored));
      again = older ? freshStart?.atOnce() : freshStart?.after(failure, participant);
      if (!again) {
        const told = await participant.fail(failure);
        throw error === failure ? told : error;
      }
      if (older) participant.stepAside();
      restored = older || undefined;
    } finally {
      await participant.dispose();
    }
    transport = await again();
  }
}
