import type { ClientTile, DashboardState } from '../../../shared/dashboard/state.js';
import { byId, el, setText } from '../dom.js';
import { count, duration, real } from '../format.js';

/** After its last step a client is at work for so long. */
const AT_WORK_MS = 3_000;

/** A tile for each client: what it computes with, how far it is and how far behind, and whether it is there. */
export class Clients {
  private readonly tiles = new Map<number, Tile>();

  update(state: DashboardState): void {
    const list = byId('clients');
    if (state.clients.length === 0 && list.childElementCount === 0) {
      list.append(el('li', { class: 'quiet nothing' }, 'Nobody has joined yet.'));
      return;
    }
    const ahead = Math.max(0, ...state.clients.map(({ steps }) => steps));
    for (const client of state.clients) {
      if (this.tiles.size === 0) list.replaceChildren();
      const tile = this.tiles.get(client.client) ?? new Tile(client.client);
      if (!this.tiles.has(client.client)) {
        this.tiles.set(client.client, tile);
        list.append(tile.item);
      }
      tile.update(client, ahead, state);
    }
  }

  /** Another run. */
  clear(): void {
    this.tiles.clear();
    byId('clients').replaceChildren();
  }
}

class Tile {
  private readonly engine = el('p', { class: 'quiet engine' });
  private readonly status = el('p', { class: 'status' });
  private readonly values = new Map<string, HTMLElement>();
  readonly item: HTMLLIElement;

  constructor(client: number) {
    const facts = ['Steps', 'Behind', 'Loss', 'Samples'].map((name) => {
      const value = el('dd');
      this.values.set(name, value);
      return el('div', {}, el('dt', { class: 'quiet' }, name), value);
    });
    this.item = el(
      'li',
      { class: 'tile' },
      el('h3', {}, `Client ${client}`),
      this.status,
      this.engine,
      el('dl', {}, ...facts),
    );
  }

  update(tile: ClientTile, ahead: number, { at, ending }: DashboardState): void {
    const [kind, text] = statusOf(tile, at, ending !== null);
    this.item.dataset.status = kind;
    setText(this.status, text);
    setText(this.engine, tile.engine);
    this.set('Steps', count(tile.steps));
    this.set('Behind', ahead === tile.steps ? '0' : `${count(ahead - tile.steps)}`);
    this.set('Loss', real(tile.loss, 3));
    this.set('Samples', count(tile.samples));
  }

  private set(name: string, text: string): void {
    const value = this.values.get(name);
    if (value) setText(value, text);
  }
}

function statusOf({ here, reason, lastStepAt }: ClientTile, at: number, over: boolean): [string, string] {
  if (!here) return ['left', `left: ${reason ?? 'no reason given'}`];
  if (over) return ['done', 'done'];
  if (lastStepAt === null) return ['waiting', 'here, no step yet'];
  const quiet = at - lastStepAt;
  return quiet < AT_WORK_MS ? ['training', 'training'] : ['waiting', `last step ${duration(quiet)} ago`];
}
