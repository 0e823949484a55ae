import { TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import { refusalMessage } from '../shared/protocol/refusal-message.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { Inbox } from './inbox.js';
import type { Reconnect } from './reconnect.js';

/** A server that is gone for longer was told, or will not ask. */
const PATIENCE_SECONDS = 5;

/** The run is over: tells the server that this was heard, over another link where one is lost, so that it does not wait for this client. */
export async function farewell(link: LastingLink, inbox: Inbox, reconnect: Reconnect | undefined): Promise<void> {
  // A session that ends with its link leaves nobody waiting.
  if (!lasts(link, reconnect)) return;
  const giveUp = reconnect.clock.after(PATIENCE_SECONDS, () => link.close());
  link.heardAll();
  try {
    for (let message = await inbox.take(); message && message.type !== 'error';) message = await inbox.take();
  } catch {
    // The session has ended, or its server cannot be reached any more: either way all was heard here.
  } finally {
    giveUp();
  }
}

/** The client leaves on purpose. */
export function goodbye(link: Pick<LastingLink, 'send'>): void {
  try {
    link.send({ type: 'bye' });
  } catch {
    // The link is gone, which the server will notice by itself.
  }
}

/** The same, and stays until the server has it written down: should it be killed before, it asks once more for what this client has sent. */
export function leaveFor(link: LastingLink, reconnect: Reconnect | undefined): Promise<void> {
  const gone = new TandemError('CANCELLED', 'this client has left the run');
  if (!lasts(link, reconnect)) {
    goodbye(link);
    return Promise.resolve(link.end(gone));
  }
  return part(link, { type: 'bye' }, gone, reconnect, PATIENCE_SECONDS);
}

/** This side fails: tells the server why in the same way, where the link is lost for as long as the server keeps the session. */
export function whyGone(link: LastingLink, error: TandemError, reconnect: Reconnect | undefined): Promise<void> {
  if (!lasts(link, reconnect)) return Promise.resolve(link.refuse(error));
  const seconds = link.stands ? PATIENCE_SECONDS : link.graceSeconds + (link.away?.seconds ?? 0);
  return part(link, refusalMessage(error), error, reconnect, seconds);
}

/** Whether the server keeps the session of a client whose link is lost. */
function lasts(link: LastingLink, reconnect: Reconnect | undefined): reconnect is Reconnect {
  return reconnect !== undefined && link.session !== '';
}

async function part(
  link: LastingLink,
  word: Message,
  why: TandemError,
  { clock }: Reconnect,
  seconds: number,
): Promise<void> {
  const giveUp = clock.after(seconds, () => link.close());
  await link.part(word, why);
  giveUp();
}
