import type { PlacedSegment, RunFacts } from '../../shared/dashboard/state.js';
import { largest } from '../../shared/extremes.js';

/** A party in the picture, in pixels. */
export interface Box {
  readonly party: PlacedSegment['party'];
  readonly title: string;
  /** The segments it holds, the lowest first. */
  readonly pills: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Party = Pick<Box, 'party' | 'title' | 'pills'>;

/** Below this, data go up the page, else from left to right. */
const NARROW = 600;
const MARGIN = 8;
const GAP = 12;

/** Where the parties of a run stand: clients on one side, the server on the other, relays between them. */
export function layOut(facts: RunFacts, width: number): { readonly boxes: Box[]; readonly height: number } {
  const narrow = width < NARROW;
  const clients = clientsOf(facts, narrow);
  const above = partiesAbove(facts);
  return narrow ? upwards(clients, above, width) : sideways(clients, above, width);
}

function sideways(clients: readonly Party[], above: readonly Party[], width: number) {
  const columns = above.length + 1;
  const boxWidth = Math.min(190, (width - 2 * MARGIN) / (columns + 0.6 * (columns - 1)));
  const stack = clients.reduce((sum, { pills }) => sum + heightOf(pills) + GAP, -GAP);
  const height =
    largest(
      above.map(({ pills }) => heightOf(pills)),
      stack,
    ) +
    2 * MARGIN;
  const x = (column: number) => MARGIN + ((width - 2 * MARGIN - boxWidth) * column) / Math.max(1, columns - 1);
  let y = (height - stack) / 2;
  const boxes = clients.map((party): Box => {
    const box = { ...party, x: x(0), y, width: boxWidth, height: heightOf(party.pills) };
    y += box.height + GAP;
    return box;
  });
  const others = above.map((party, i): Box => {
    const own = heightOf(party.pills);
    return { ...party, x: x(i + 1), y: (height - own) / 2, width: boxWidth, height: own };
  });
  return { boxes: [...boxes, ...others], height };
}

function upwards(clients: readonly Party[], above: readonly Party[], width: number) {
  const between = 64;
  let y = MARGIN;
  const others = [...above].reverse().map((party): Box => {
    const own = Math.min(220, width - 2 * MARGIN);
    const box = { ...party, x: (width - own) / 2, y, width: own, height: heightOf(party.pills) };
    y += box.height + between;
    return box;
  });
  const own = (width - 2 * MARGIN - GAP * (clients.length - 1)) / clients.length;
  const boxes = clients.map((party, i): Box => {
    return { ...party, x: MARGIN + i * (own + GAP), y, width: own, height: heightOf(party.pills) };
  });
  const height = y + largest(clients.map(({ pills }) => heightOf(pills))) + MARGIN;
  return { boxes: [...boxes, ...others.reverse()], height };
}

function heightOf(pills: readonly string[]): number {
  return 28 + pills.length * 26 + 6;
}

/** One box a client; where there are too many, the last one stands for all others. */
function clientsOf({ chain, clients, data }: RunFacts, narrow: boolean): Party[] {
  const most = narrow ? 3 : 4;
  const held = chain.filter(({ party }) => party === 'client').map(({ role }) => role);
  const several = data === 'features' ? 'own bottom' : 'bottom';
  const pills = held.map((role) => (role === 'bottom' ? several : role === 'whole' ? 'whole model' : role));
  const shown = clients <= most ? clients : most - 1;
  const boxes = Array.from({ length: shown }, (_, i): Party => ({ party: 'client', title: `client ${i}`, pills }));
  const left = clients - shown;
  return left > 0
    ? [...boxes, { party: 'client', title: narrow ? `${left} more` : `${left} more clients`, pills }]
    : boxes;
}

function partiesAbove({ chain, data }: RunFacts): Party[] {
  const relays = chain
    .filter(({ party }) => party === 'relay')
    .map(({ role }): Party => ({ party: 'relay', title: 'relay', pills: [role] }));
  const held = chain
    .filter(({ party }) => party === 'server')
    .map(({ role }) => (role === 'top' ? 'top and loss' : role));
  const pills = held.length === 0 ? ['averages'] : data === 'features' ? ['fusion', ...held] : held;
  return [...relays, { party: 'server', title: 'server', pills }];
}
