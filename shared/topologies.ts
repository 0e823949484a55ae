import { findRow } from './find-row.js';

/** A party by what is below and above it: a relay is a server to its clients and a client to its server. */
export type Side = 'client' | 'relay' | 'server';

/** Who holds which segment. */
export interface Topology {
  readonly name: string;
  /** The party that holds segment `index` of `of`. */
  party(index: number, of: number): Side;
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

export const topologyNames = rows.map((row) => row.name);

/** Throws BAD_OPTION that lists the topologies there are. */
export function findTopology(name: string): Topology {
  return findRow(rows, name, 'topology');
}

/** The segments of a chain by the party that holds them, from the bottom up. */
export interface Placement {
  /** What the server gives to whoever joins: a client's, and those of the relays on the way to it. */
  readonly client: readonly number[];
  /** How many of them relays keep, from the upper end. */
  readonly relayed: number;
  /** In one run: what stands between the client's segments, or above its only one. */
  readonly server: readonly number[];
  /** Who holds the last segment, and so has the labels and computes the loss. */
  readonly loss: 'client' | 'server';
}

export function placeSegments(topology: Topology, of: number): Placement {
  const all = Array.from({ length: of }, (_, index) => index);
  const heldBy = (side: Side) => all.filter((index) => topology.party(index, of) === side);
  const relayed = heldBy('relay');
  return {
    client: all.filter((index) => topology.party(index, of) !== 'server'),
    relayed: relayed.length,
    server: heldBy('server'),
    loss: topology.party(of - 1, of) === 'client' ? 'client' : 'server',
  };
}
