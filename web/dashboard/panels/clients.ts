import type { ClientTile, DashboardState, Ending } from '../../../shared/dashboard/state.js';
import { byId, el, setText } from '../dom.js';
import { count, duration, lossText } from '../format.js';
import { largest } from '../../../shared/extremes.js';

/** After its last step a client is at work for so long. */
const AT_WORK_MS = 3_000;
const COUNTED = { training: 'training', waiting: 'waiting', done: 'done', left: 'left', lost: 'lost' } as const;
type Status = keyof typeof COUNTED;
/** More tiles than this are not all shown at once. */
const MANY = 24;

/** A tile for each client: what it computes with, how far it is and how far behind, and whether it is there. */
export class Clients {
  private readonly tiles = new Map<number, Tile>();

  update(state: DashboardState): void {
    const list = byId('clients');
    if (state.clients.length === 0 && list.childElementCount === 0) {
      list.append(el('li', { class: 'quiet nothing' }, 'Nobody has joined yet.'));
      return;
    }
    const statuses = new Map<Status, number>();
    const ahead = largest(
      state.clients.map(({ steps }) => steps),
      0,
    );
    for (const client of state.clients) {
      if (this.tiles.size === 0) list.replaceChildren();
      const tile = this.tiles.get(client.client) ?? new Tile(client.client);
      if (!this.tiles.has(client.client)) {
        this.tiles.set(client.client, tile);
        list.append(tile.item);
      }
      const status = tile.update(client, ahead, state);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    const counts = [...statuses].map(([status, number]) => `${count(number)} ${COUNTED[status]}`);
    setText(byId('clients-count'), counts.join(', '));
    // A long list scrolls in its place, which the keyboard has to reach.
    const isLong = state.clients.length > MANY;
    list.classList.toggle('long', isLong);
    if (isLong) list.tabIndex = 0;
    else list.removeAttribute('tabindex');
  }

  /** Another run. */
  clear(): void {
    this.tiles.clear();
    setText(byId('clients-count'), '');
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

  /** Answers its status. */
  update(tile: ClientTile, ahead: number, { at, ending }: DashboardState): Status {
    const [kind, text] = statusOf(tile, at, ending);
    this.item.dataset.status = kind;
    setText(this.status, text);
    setText(this.engine, tile.engine);
    this.set('Steps', count(tile.steps));
    this.set('Behind', ahead === tile.steps ? '0' : `${count(ahead - tile.steps)}`);
    this.set('Loss', lossText(tile.loss));
    this.set('Samples', count(tile.samples));
    return kind;
  }

  private set(name: string, text: string): void {
    const value = this.values.get(name);
    if (value) setText(value, text);
  }
}

function statusOf({ here, code, reason, lastStepAt }: ClientTile, at: number, ending: Ending | null): [Status, string] {
  const why = reason ?? 'no reason given';
  if (!here) return code === null ? ['left', `left: ${why}`] : ['lost', `lost: ${why} (${code})`];
  if (ending) return ['done', ending.kind === 'finished' ? 'done' : 'here until the run failed'];
  if (lastStepAt === null) return ['waiting', 'here, no step yet'];
  const quiet = at - lastStepAt;
  return quiet < AT_WORK_MS ? ['training', 'training'] : ['waiting', `last step ${duration(quiet)} ago`];
}
