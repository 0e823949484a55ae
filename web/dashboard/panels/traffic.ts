import type { DashboardState, Percentiles } from '../../../shared/dashboard/state.js';
import { byId, el, setText } from '../dom.js';
import { bytes, count, milliseconds } from '../format.js';

const ROWS: readonly { readonly key: 'answer' | 'away'; readonly name: string; readonly means: string }[] = [
  {
    key: 'answer',
    name: 'At the server',
    means: 'from a step’s arrival to its answer: waiting for its turn, and computing',
  },
  { key: 'away', name: 'Away', means: 'from the cut gradient to the next step: the network both ways, and the client' },
];

/** Bytes by direction, and where the time of a step goes. */
export class Traffic {
  private readonly up = el('dd');
  private readonly down = el('dd');
  private readonly cells = ROWS.map(() => [el('td'), el('td')] as const);

  constructor() {
    const amounts = el(
      'dl',
      { class: 'amounts' },
      el('div', { class: 'key up' }, el('dt', { class: 'quiet' }, 'Up, from clients'), this.up),
      el('div', { class: 'key down' }, el('dt', { class: 'quiet' }, 'Down, to clients'), this.down),
    );
    const head = ['Time of a step', 'half below', '95 % below'].map((text) => el('th', { scope: 'col' }, text));
    const rows = ROWS.map(({ name, means }, i) => {
      const title = el('th', { scope: 'row' }, name, el('span', { class: 'quiet means' }, means));
      return el('tr', {}, title, ...(this.cells[i] ?? []));
    });
    const table = el('table', { class: 'plain' }, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...rows));
    byId('traffic').replaceChildren(amounts, table);
  }

  update({ traffic }: DashboardState): void {
    setText(this.up, `${bytes(traffic.up)}, ${bytes(traffic.upPerSecond)}/s`);
    setText(this.down, `${bytes(traffic.down)}, ${bytes(traffic.downPerSecond)}/s`);
    ROWS.forEach(({ key }, i) => {
      const [half, most] = this.cells[i] ?? [];
      if (half && most) fill(traffic[key], half, most);
    });
  }
}

function fill(measured: Percentiles | null, half: HTMLElement, most: HTMLElement): void {
  setText(half, measured ? milliseconds(measured.p50) : '–');
  setText(most, measured ? milliseconds(measured.p95) : '–');
  half.title = measured ? `${count(measured.count)} measured` : 'not measured under this schedule or transport';
}
