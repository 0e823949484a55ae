import { findRow } from './find-row.js';

/** Who holds which segment. */
export interface Topology {
  readonly name: string;
  /** The party that holds segment `index` of `of`. */
  party(index: number, of: number): 'client' | 'server';
  readonly summary: string;
}

const rows: readonly Topology[] = [
  {
    name: 'vanilla',
    party: (index) => (index === 0 ? 'client' : 'server'),
    summary: 'bottom at the client, the rest and the loss at the server; labels travel',
  },
];

export const topologyNames = rows.map((row) => row.name);

/** Throws BAD_OPTION that lists the topologies there are. */
export function findTopology(name: string): Topology {
  return findRow(rows, name, 'topology');
}
