import type { DashboardState } from '../../../shared/dashboard/state.js';
import { siteAddress } from '../../site.js';
import { byId, el } from '../dom.js';

/** What whoever looks may want to do or know at once: how to join a run that waits for clients, and why a run failed. */
export class Situation {
  private shown = '';

  /** A saved run can be joined by nobody. */
  constructor(private readonly isLive: boolean) {}

  update(state: DashboardState): void {
    const { ending, phase, facts, clients } = state;
    const missing = facts.clients - clients.filter(({ here }) => here).length;
    const waits = this.isLive && phase === 'gathering' && missing > 0;
    const text = ending?.kind === 'failed' ? `${ending.code} ${ending.reason}` : waits ? `${missing}` : '';
    if (text === this.shown) return;
    this.shown = text;
    const box = byId('situation');
    box.hidden = text === '';
    box.classList.toggle('bad', ending?.kind === 'failed');
    if (ending?.kind === 'failed') box.replaceChildren(`It failed: ${ending.reason} (${ending.code}).`);
    else if (waits) box.replaceChildren(...invitation(missing));
  }
}

function invitation(missing: number): (string | Node)[] {
  const who = missing === 1 ? 'one more client' : `${missing} more clients`;
  const address = siteAddress().replace(/^http/, 'ws').replace(/\/$/, '');
  return [
    `It waits for ${who}. Join `,
    el('a', { href: 'join' }, 'with a browser'),
    ', or with ',
    el('code', {}, `npx tandem join ${address} --data DATA`),
    '.',
  ];
}
