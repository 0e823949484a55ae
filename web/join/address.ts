import type { RunAddress } from '../../client/browser/worker/calls.js';

/**
 * Where the run of a page is: the server the page came from. Invites stand in the fragment, which a browser sends nobody:
 * `#invite=...` to train, `&look=...` to look at the run and to ask for predictions.
 */
export function addressOf({ origin, hash }: { readonly origin: string; readonly hash: string }): RunAddress {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const [invite, inferInvite] = [given.get('invite'), given.get('look')];
  return {
    url: origin.replace(/^http/, 'ws'),
    ...(invite ? { invite } : {}),
    ...(inferInvite ? { inferInvite } : {}),
  };
}
