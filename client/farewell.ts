import type { TandemError } from '../shared/errors.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import type { Inbox } from './inbox.js';
import type { Reconnect } from './reconnect.js';

/** A server that is gone for longer was told, or will not ask. */
const PATIENCE_SECONDS = 5;

/** The run is over: tells the server that this was heard, over another link where one is lost, so that it does not wait for this client. */
export async function farewell(link: LastingLink, inbox: Inbox, reconnect: Reconnect | undefined): Promise<void> {
  // A session that ends with its link leaves nobody waiting.
  if (!reconnect || link.session === '') return;
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

/** This side fails: tells the server why, over the next link where this one is lost, for as long as the server keeps the session. */
export async function whyGone(link: LastingLink, error: TandemError, reconnect: Reconnect | undefined): Promise<void> {
  const seconds = link.graceSeconds + (link.away?.seconds ?? 0);
  const giveUp = reconnect?.clock.after(seconds, () => link.close());
  await link.refuseOnceBack(error);
  giveUp?.();
}
