import { findRow } from './find-row.js';

/** How clients map to lanes and what is averaged; docs/topologies.md has the table with pictures. */
export interface Schedule {
  readonly name: string;
  /** Replicas of the server's segments: one that all clients share, one for each client, or none. */
  readonly lanes: 'shared' | 'per-client' | 'none';
  /** One client after the other; all at once, each with its own steps; all together in every step; or no clients, because everything is in one process. */
  readonly clients: 'in-turns' | 'at-once' | 'together' | 'none';
  /** The order in which steps reach the lanes: a random one that the seed fixes, or as they arrive. */
  readonly order: 'seeded' | 'arrival';
  /** What becomes of the bottoms: handed to the next client with the optimizer's state, averaged every round, or kept. */
  readonly bottoms: 'handed-over' | 'averaged' | 'kept';
  /** Whether a bottom learns from the loss of an auxiliary head beside it, so that no cut gradient has to come down. */
  readonly auxiliary?: true;
  readonly summary: string;
}

const rows: readonly Schedule[] = [
  {
    name: 'sequential',
    lanes: 'shared',
    clients: 'in-turns',
    order: 'seeded',
    bottoms: 'handed-over',
    summary: 'one client after the other, handing the bottom on (Gupta and Raskar, 2018, arXiv:1810.06060)',
  },
  {
    name: 'splitfed-v1',
    lanes: 'per-client',
    clients: 'at-once',
    order: 'arrival',
    bottoms: 'averaged',
    summary: 'a top for each client, tops and bottoms averaged every round (Thapa et al., 2020, arXiv:2004.12088)',
  },
  {
    name: 'splitfed-v2',
    lanes: 'shared',
    clients: 'at-once',
    order: 'seeded',
    bottoms: 'averaged',
    summary: 'all clients at once on one top, bottoms averaged every round (Thapa et al., 2020, arXiv:2004.12088)',
  },
  {
    name: 'splitfed-v3',
    lanes: 'per-client',
    clients: 'at-once',
    order: 'arrival',
    bottoms: 'kept',
    summary: 'a top for each client, tops averaged every round, bottoms never (Gawali et al., 2020, arXiv:2012.12591)',
  },
  {
    name: 'async',
    lanes: 'shared',
    clients: 'at-once',
    order: 'arrival',
    bottoms: 'averaged',
    summary: 'one top that takes steps as they come, staleness bounded (Ho et al., 2013), bottoms averaged every round',
  },
  {
    name: 'local-loss',
    lanes: 'shared',
    clients: 'at-once',
    order: 'seeded',
    bottoms: 'averaged',
    auxiliary: true,
    summary: 'bottoms learn from an auxiliary head at the client, no gradient comes down (Han et al., 2021)',
  },
  {
    name: 'fedavg',
    lanes: 'none',
    clients: 'at-once',
    order: 'arrival',
    bottoms: 'averaged',
    summary: 'the whole model at each client, averaged every round (McMahan et al., 2017, arXiv:1602.05629)',
  },
  {
    name: 'joint',
    lanes: 'shared',
    clients: 'together',
    order: 'seeded',
    bottoms: 'kept',
    summary:
      'all parties in every step, each with its own features of the same rows (Vepakomma et al., 2018, arXiv:1812.00564)',
  },
  {
    name: 'centralised',
    lanes: 'none',
    clients: 'none',
    order: 'seeded',
    bottoms: 'kept',
    summary: 'the undivided model on all data in one process: the baseline',
  },
];

export const scheduleNames = rows.map((row) => row.name);

/** Throws BAD_OPTION that lists the schedules there are. */
export function findSchedule(name: string): Schedule {
  return findRow(rows, name, 'schedule');
}

/** Whether clients hold the undivided model, so that there is no cut. */
export function isUndivided({ lanes, clients }: Schedule): boolean {
  return lanes === 'none' && clients !== 'none';
}

/** Whether there are replicas of a segment that become one at the end of a round. */
export function aggregates({ lanes, bottoms }: Schedule): boolean {
  return lanes === 'per-client' || bottoms === 'averaged';
}
