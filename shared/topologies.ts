import { TandemError } from './errors.js';
import { checkFields } from './fields/check-fields.js';
import { callable, choice, text, whole, type Fields } from './fields/rules.js';
import { findRow } from './find-row.js';
import { nameOfFunction, customRow, rowText } from './custom-rows.js';

/** A party by what is below and above it: a relay is a server to its clients and a client to its server. */
export type Side = 'client' | 'relay' | 'server';

/** The party that holds segment `index` of `of`, counted from the bottom. */
export type PlaceSegment = (index: number, of: number) => Side;

/** A topology by its name, a custom row, or the function that places segments in one. */
export type TopologyChoice = string | Topology | PlaceSegment;

/** Which party holds which segment. */
export interface Topology {
  readonly name: string;
  readonly party: PlaceSegment;
  /** Whether clients hold different rows of the same features, or different features of the same rows. */
  readonly data: 'rows' | 'features';
  /** Cuts a model needs at least. */
  readonly leastCuts: number;
  readonly summary: string;
}

const rows: readonly Topology[] = [
  {
    name: 'vanilla',
    party: (index) => (index === 0 ? 'client' : 'server'),
    data: 'rows',
    leastCuts: 1,
    summary: 'bottom at the client, the rest and the loss at the server; labels travel',
  },
  {
    name: 'u-shaped',
    party: (index, of) => (index === 0 || index === of - 1 ? 'client' : 'server'),
    data: 'rows',
    leastCuts: 2,
    summary: 'bottom, top and loss at the client, the middle at the server; labels stay (Vepakomma et al., 2018)',
  },
  {
    name: 'multi-hop',
    data: 'rows',
    party: (index, of) => (index === 0 ? 'client' : index === of - 1 ? 'server' : 'relay'),
    leastCuts: 2,
    summary:
      'bottom at the client, middle at a relay, top and loss at the server; labels travel (Vepakomma et al., 2018)',
  },
  {
    name: 'vertical',
    party: (index) => (index === 0 ? 'client' : 'server'),
    data: 'features',
    leastCuts: 1,
    summary:
      'a bottom a party over its own features, fusion, top and loss at the server; the active party sends labels',
  },
  {
    name: 'vertical-u-shaped',
    party: (index, of) => (index === 0 || index === of - 1 ? 'client' : 'server'),
    data: 'features',
    leastCuts: 2,
    summary: 'a bottom a party, fusion and middle at the server, top and loss at the active party; labels stay there',
  },
];

/** The topologies that come with Tandem. */
export const topologyNames = rows.map((row) => row.name);

const ownFields = {
  name: text,
  party: callable,
  // Vertical runs divide their placement among parties in ways of their own.
  data: choice(['rows']),
  leastCuts: whole(1),
  summary: text,
} satisfies Fields<Topology>;

/** The row of a choice. Throws BAD_OPTION that lists the topologies there are, or says what is wrong with a custom row. */
export function findTopology(choice: TopologyChoice): Topology {
  if (typeof choice === 'string') return findRow(rows, choice, 'topology');
  if (rows.includes(choice as Topology)) return choice as Topology;
  if (typeof choice === 'function') {
    const name = nameOfFunction('topology', choice);
    const summary = `segments placed by ${name}`;
    return customRow('topology', rows, { name, party: choice, data: 'rows', leastCuts: 1, summary });
  }
  checkFields('topology', choice, ownFields);
  return customRow('topology', rows, choice);
}

/** A row as text, so that runs can be compared by what their topologies say. */
export function topologyText(row: Topology): string {
  return rowText(rows, row);
}

/** The segments of a chain by the party that holds them, from the bottom up. */
export interface Placement {
  /** The segments that the server sends to clients: a client's own, and those of the relays before it. */
  readonly client: readonly number[];
  /** How many of them relays keep, from the upper end. */
  readonly relayed: number;
  /** In one run: what stands between the client's segments, or above its only one. */
  readonly server: readonly number[];
  /** The party that holds the last segment, and so has the labels and computes the loss. */
  readonly loss: 'client' | 'server';
}

export function placeSegments(topology: Topology, of: number): Placement {
  const all = Array.from({ length: of }, (_, index) => index);
  const sides = all.map((index) => topology.party(index, of));
  // Too few cuts are said to be so elsewhere.
  if (of > topology.leastCuts && !CHAIN.test(sides.map((side) => `${String(side)};`).join(''))) {
    const what = `the topology '${topology.name}' places ${of} segments at ${sides.map(String).join(', ')}`;
    const order = 'from the bottom up: client, then relay or none, then server, then at most one for the client again';
    throw new TandemError('BAD_OPTION', what, `place them ${order}`);
  }
  return {
    client: all.filter((index) => sides[index] !== 'server'),
    relayed: sides.filter((side) => side === 'relay').length,
    server: all.filter((index) => sides[index] === 'server'),
    loss: sides.at(-1) === 'client' ? 'client' : 'server',
  };
}

/** The sides that a chain of segments can pass, from the bottom up. */
const CHAIN = /^(client;)+(relay;)*(server;)+(client;)?$/;
