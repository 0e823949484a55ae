import type { DashboardState, PlacedSegment, RunFacts } from '../../../shared/dashboard/state.js';
import { byId, el, setText, svg } from '../dom.js';
import { layOut, type Box } from '../layout.js';

/** Data are seen to move so long after a step. */
const MOVES_MS = 1_500;
const PILL_HEIGHT = 22;

/** The parties of the run with the segments they hold, and data moving between them while they train. */
export class Topology {
  private readonly stage = el('div', { class: 'topology-stage' });
  private readonly legend = el('p', { class: 'legend quiet' });
  private readonly edges = new Map<number, SVGGElement>();
  private upper: SVGGElement | null = null;
  private drawn = '';

  constructor() {
    byId('topology').replaceChildren(this.stage, this.legend);
  }

  update(state: DashboardState): void {
    const { facts, at, phase, ending } = state;
    const width = Math.max(280, this.stage.clientWidth);
    const drawn = `${facts.run} ${width}`;
    if (drawn !== this.drawn) this.draw(facts, width);
    this.drawn = drawn;
    const trains = ending === null && (phase === 'training' || phase === 'averaging');
    const moving = new Set<number>();
    for (const { client, lastStepAt, here } of state.clients) {
      if (trains && here && lastStepAt !== null && at - lastStepAt < MOVES_MS) moving.add(client);
    }
    for (const [client, edge] of this.edges) {
      // The last box stands for all clients that have none of their own.
      const others = client === this.edges.size - 1 && [...moving].some((number) => number > client);
      edge.classList.toggle('moving', moving.has(client) || others);
    }
    this.upper?.classList.toggle('moving', moving.size > 0);
  }

  private draw(facts: RunFacts, width: number): void {
    const { boxes, height } = layOut(facts, width);
    const [clients, above] = [
      boxes.filter(({ party }) => party === 'client'),
      boxes.filter(({ party }) => party !== 'client'),
    ];
    const picture = svg('svg', {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': inWords(facts),
    });
    this.edges.clear();
    const [first] = above;
    clients.forEach((box, client) => {
      if (!first) return;
      const edge = wire(box, first, facts.gradients);
      this.edges.set(client, edge);
      picture.append(edge);
    });
    this.upper = svg('g');
    for (const [i, box] of above.entries()) {
      const next = above[i + 1];
      if (next) this.upper.append(wire(box, next, facts.gradients));
    }
    picture.append(this.upper, ...boxes.map(drawBox));
    this.stage.replaceChildren(picture);
    this.legend.replaceChildren(...legendOf(facts));
  }
}

function drawBox({ x, y, width, height, title, pills, party }: Box): SVGGElement {
  const heading = svg('text', { x: x + width / 2, y: y + 19, class: 'party-title' }, title);
  const segments = pills.flatMap((text, i) => {
    const top = y + 28 + i * (PILL_HEIGHT + 4);
    return [
      svg('rect', { x: x + 8, y: top, width: width - 16, height: PILL_HEIGHT, rx: PILL_HEIGHT / 2, class: 'pill' }),
      svg('text', { x: x + width / 2, y: top + 15, class: 'pill-text' }, text),
    ];
  });
  return svg(
    'g',
    { class: `party ${party}` },
    svg('rect', { x, y, width, height, rx: 12, class: 'party-box' }),
    heading,
    ...segments,
  );
}

/** A line between two boxes, with what goes up along one side of it and what comes down along the other. */
function wire(from: Box, to: Box, gradients: boolean): SVGGElement {
  const lanes = [-5, 5].map((shift) => pathBetween(from, to, shift));
  const [up = '', down = ''] = lanes;
  const group = svg('g', { class: 'wire' }, ...lanes.map((d) => svg('path', { d, class: 'rail' })));
  group.append(svg('path', { d: up, class: 'drops up' }));
  if (gradients) group.append(svg('path', { d: down, class: 'drops down' }));
  return group;
}

function pathBetween(from: Box, to: Box, shift: number): string {
  if (from.x + from.width <= to.x) {
    const [x1, y1, x2, y2] = [
      from.x + from.width,
      from.y + from.height / 2 + shift,
      to.x,
      to.y + to.height / 2 + shift,
    ];
    const middle = (x1 + x2) / 2;
    return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
  }
  const [x1, y1, x2, y2] = [from.x + from.width / 2 + shift, from.y, to.x + to.width / 2 + shift, to.y + to.height];
  const middle = (y1 + y2) / 2;
  return `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`;
}

function legendOf(facts: RunFacts): HTMLElement[] {
  const items = isWhole(facts)
    ? [key('up', 'steps reported up; whole models both ways at the end of a round')]
    : [key('up', labelsTravel(facts) ? 'smashed data and labels go up' : 'smashed data go up, labels stay')];
  if (facts.gradients) items.push(key('down', 'cut gradients come down'));
  else if (!isWhole(facts)) items.push(el('span', {}, 'no gradients come down'));
  return items;
}

function key(colour: 'up' | 'down', text: string): HTMLElement {
  const item = el('span', { class: `key ${colour}` });
  setText(item, text);
  return item;
}

function isWhole({ chain }: RunFacts): boolean {
  return chain[0]?.role === 'whole';
}

function labelsTravel({ chain }: RunFacts): boolean {
  return chain.at(-1)?.party === 'server';
}

/** The picture for those who do not see it. */
function inWords(facts: RunFacts): string {
  const { chain, clients, data } = facts;
  if (isWhole(facts)) return `${clients} clients, each with the whole model; the server averages them.`;
  const holds = (party: PlacedSegment['party']) => {
    const names = chain
      .filter((segment) => segment.party === party)
      .map(({ role, cut }) => `the ${role}${cut ? ` up to ${cut}` : ''}`);
    return names.length > 0 ? names.join(' and ') : null;
  };
  const relay = holds('relay');
  return [
    `${clients} ${clients === 1 ? 'client holds' : 'clients each hold'} ${holds('client') ?? 'nothing'}${data === 'features' ? ' over features of their own' : ''}.`,
    ...(relay ? [`Relays hold ${relay}.`] : []),
    `The server holds ${data === 'features' ? 'the fusion and ' : ''}${holds('server') ?? 'nothing'}.`,
    `Labels ${labelsTravel(facts) ? 'travel to the server' : 'stay at the clients'}.`,
  ].join(' ');
}
