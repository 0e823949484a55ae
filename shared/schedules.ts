import { findRow } from './find-row.js';

/** How clients map to lanes and what is averaged; docs/topologies.md has the table with pictures. */
export interface Schedule {
  readonly name: string;
  /** Replicas of the server's segments: one that all clients share, or none because everything is in one process. */
  readonly lanes: 'shared' | 'none';
  /** One client after the other, or all at once with their steps interleaved in a seeded random order. */
  readonly clients: 'in-turns' | 'interleaved';
  /** What becomes of the bottoms: handed to the next client with the optimizer's state, or averaged every round. */
  readonly bottoms: 'handed-over' | 'averaged';
  readonly summary: string;
}

const rows: readonly Schedule[] = [
  {
    name: 'sequential',
    lanes: 'shared',
    clients: 'in-turns',
    bottoms: 'handed-over',
    summary: 'one client after the other, handing the bottom on (Gupta and Raskar, 2018, arXiv:1810.06060)',
  },
  {
    name: 'splitfed-v2',
    lanes: 'shared',
    clients: 'interleaved',
    bottoms: 'averaged',
    summary: 'all clients at once on one top, bottoms averaged every round (Thapa et al., 2020, arXiv:2004.12088)',
  },
  {
    name: 'centralised',
    lanes: 'none',
    clients: 'in-turns',
    bottoms: 'handed-over',
    summary: 'the undivided model on all data in one process: the baseline',
  },
];

export const scheduleNames = rows.map((row) => row.name);

/** Throws BAD_OPTION that lists the schedules there are. */
export function findSchedule(name: string): Schedule {
  return findRow(rows, name, 'schedule');
}
