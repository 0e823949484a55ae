import type { RunAddress } from '../../client/browser/worker/calls.js';

/**
 * Where the run of a page is: the server the page came from, at `site`. Invites stand in the fragment, which a browser sends nobody:
 * `#invite=...` to train, `&look=...` to look at the run and to ask for predictions.
 */
export function addressOf(site: string, hash: string): RunAddress {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const [invite, inferInvite] = [given.get('invite'), given.get('look')];
  return {
    url: site.replace(/^http/, 'ws').replace(/\/$/, ''),
    ...(invite ? { invite } : {}),
    ...(inferInvite ? { inferInvite } : {}),
  };
}
