import { TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import { refusalMessage } from '../shared/protocol/refusal-message.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { Inbox } from './inbox.js';
import type { Reconnect } from './reconnect.js';

/** How long a lost server may take to come back for the last message. */
const PATIENCE_SECONDS = 5;

/** The run is over: tells the server that `finished` was received, over another link if this one is lost, so that it does not wait for this client. */
export async function farewell(link: LastingLink, inbox: Inbox, reconnect: Reconnect | undefined): Promise<void> {
  // Where the session ends with its link, the server does not wait.
  if (!lasts(link, reconnect)) return;
  const giveUp = reconnect.clock.after(PATIENCE_SECONDS, () => link.close());
  link.heardAll();
  try {
    for (let message = await inbox.take(); message && message.type !== 'error';) message = await inbox.take();
  } catch {
    // The session has ended, or the server is gone: `finished` has come anyway.
  } finally {
    giveUp();
  }
}

/** The client leaves on purpose. */
export function goodbye(link: Pick<LastingLink, 'send'>): void {
  try {
    link.send({ type: 'bye' });
  } catch {
    // The server notices a lost link by itself.
  }
}

/** The same, but stays until the server has written it down: if the server crashes before, it asks for this client's messages again. */
export function leaveFor(link: LastingLink, reconnect: Reconnect | undefined): Promise<void> {
  const gone = new TandemError('CANCELLED', 'this client has left the run');
  if (!lasts(link, reconnect)) {
    goodbye(link);
    return Promise.resolve(link.end(gone));
  }
  return part(link, { type: 'bye' }, gone, reconnect, PATIENCE_SECONDS);
}

/** This client fails: tells the server why, over another link if this one is lost, as long as the server keeps the session. */
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
