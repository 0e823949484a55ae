import type { DashboardState } from '../../../shared/dashboard/state.js';
import { byId, el, setText } from '../dom.js';
import { clock, count } from '../format.js';

/** More news at once are told by their number. */
const TOLD_AT_ONCE = 3;

/** Who came, left and was refused, newest first; what is new is told to screen readers, politely. */
export class Log {
  private last: number | null = null;
  private shown: DashboardState['log'] | null = null;

  update({ log, refusals }: DashboardState): void {
    if (log === this.shown) return;
    this.shown = log;
    const items = [...log]
      .reverse()
      .map(({ at, kind, text }) =>
        el(
          'li',
          { class: `entry-${kind}` },
          el('time', { class: 'quiet', datetime: new Date(at).toISOString() }, clock(at)),
          el('span', {}, text),
        ),
      );
    byId('log').replaceChildren(
      ...(items.length > 0 ? items : [el('li', { class: 'quiet' }, 'Nothing has happened yet.')]),
    );
    const counts = Object.entries(refusals).map(([code, number]) => `${code} ${count(number)}`);
    setText(byId('refusals'), counts.length > 0 ? `Refusals by code: ${counts.join(', ')}` : 'Nobody was refused.');
    this.tell(log);
  }

  /** Another run: its entries are counted anew. */
  clear(): void {
    this.last = null;
  }

  private tell(log: DashboardState['log']): void {
    const fresh = this.last === null ? [] : log.filter(({ number }) => number > (this.last ?? 0));
    this.last = log.at(-1)?.number ?? 0;
    if (fresh.length === 0) return;
    const text = fresh
      .slice(-TOLD_AT_ONCE)
      .map((entry) => entry.text)
      .join('. ');
    const more = fresh.length - TOLD_AT_ONCE;
    setText(byId('news'), more > 0 ? `${more} more events. ${text}` : text);
  }
}
