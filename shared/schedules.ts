import { findRow } from './find-row.js';
import { checkFields } from './fields/check-fields.js';
import { callable, choice, like, optional, text, type Fields } from './fields/rules.js';
import { nameOfFunction, customRow, rowText } from './custom-rows.js';
import { TandemError } from './errors.js';

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
  /** Who trains in a round and how many steps, instead of all who have some left. */
  readonly plan?: PlanRound;
  readonly summary: string;
}

/**
 * Plans a round: returns who trains in it and how many steps each, in the order of turns where clients take turns; an empty list ends the
 * training. A pure function of what it is given, since a run that goes on after a crash asks it again.
 */
export type PlanRound = (round: RoundToPlan) => readonly PlannedClient[];

/** What a plan is told of its round. */
export interface RoundToPlan {
  /** Counted from 0. */
  readonly round: number;
  /** Those who are there and have steps left, by their numbers. */
  readonly clients: readonly ClientToPlan[];
}

/** A client that a plan may give steps to. */
export interface ClientToPlan {
  readonly client: number;
  readonly samples: number;
  /** Steps it has done in the run so far. */
  readonly done: number;
  /** Steps it would have in this round without a plan. */
  readonly usual: number;
  /** Steps it has left in the run: the most that can be planned. */
  readonly left: number;
}

/** Who trains in a round, and for how many steps. */
export interface PlannedClient {
  readonly client: number;
  readonly steps: number;
}

/** A schedule by its name, a custom row, or a function that plans the rounds of a `splitfed-v2`. */
export type ScheduleChoice = string | Schedule | PlanRound;

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

/** The schedules that come with Tandem. */
export const scheduleNames = rows.map((row) => row.name);

/** What the fields of a custom row may be; `joint` and `centralised` are courses of their own. */
const ownFields = {
  name: text,
  lanes: choice(['shared', 'per-client', 'none']),
  clients: choice(['in-turns', 'at-once']),
  order: choice(['seeded', 'arrival']),
  bottoms: choice(['handed-over', 'averaged', 'kept']),
  auxiliary: optional(like('true, or leave it out', (value) => value === true)),
  plan: optional(callable),
  summary: text,
} satisfies Fields<Schedule>;

/** What makes no sense together in a custom row. */
const misfits: readonly { readonly fits: (row: Schedule) => boolean; readonly why: string }[] = [
  {
    fits: ({ clients, bottoms }) => (clients === 'in-turns') === (bottoms === 'handed-over'),
    why: 'bottoms are handed over between clients in turns, and only there',
  },
  {
    fits: ({ clients, lanes }) => clients === 'at-once' || lanes === 'shared',
    why: 'clients in turns share a lane',
  },
  {
    fits: ({ lanes, order }) => lanes === 'shared' || order === 'arrival',
    why: 'only a shared lane has an order of steps that a seed can fix',
  },
  {
    fits: ({ lanes, bottoms }) => lanes !== 'none' || bottoms === 'averaged',
    why: 'without lanes nothing is shared but bottoms that are averaged',
  },
  {
    fits: ({ auxiliary = false, lanes, order, bottoms }) =>
      !auxiliary || (lanes === 'shared' && order === 'seeded' && bottoms === 'averaged'),
    why: 'an auxiliary head stands beside a shared lane in seeded order, with bottoms averaged',
  },
];

/** The row of a choice. Throws BAD_OPTION that lists the schedules there are, or says what is wrong with a custom row. */
export function findSchedule(choice: ScheduleChoice): Schedule {
  if (typeof choice === 'string') return findRow(rows, choice, 'schedule');
  if (rows.includes(choice as Schedule)) return choice as Schedule;
  if (typeof choice === 'function') {
    const name = nameOfFunction('schedule', choice);
    const summary = `as splitfed-v2, with rounds planned by ${name}`;
    return customRow('schedule', rows, { ...findRow(rows, 'splitfed-v2', 'schedule'), name, plan: choice, summary });
  }
  checkFields('schedule', choice, ownFields);
  const misfit = misfits.find(({ fits }) => !fits(choice));
  if (misfit)
    throw new TandemError('BAD_OPTION', `the schedule '${choice.name}' cannot be: ${misfit.why}`, 'change its row');
  return customRow('schedule', rows, choice);
}

/** A row as text, so that runs can be compared by what their schedules say. */
export function scheduleText(row: Schedule): string {
  return rowText(rows, row);
}

/** Whether clients hold the undivided model, so that there is no cut. */
export function isUndivided({ lanes, clients }: Schedule): boolean {
  return lanes === 'none' && clients !== 'none';
}

/** Whether there are replicas of a segment that become one at the end of a round. */
export function aggregates({ lanes, bottoms }: Schedule): boolean {
  return lanes === 'per-client' || bottoms === 'averaged';
}
