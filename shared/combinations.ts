import type { Schedule } from './schedules.js';
import type { Topology } from './topologies.js';

/** One reason why a topology and a schedule do not go together. */
interface Refusal {
  applies(topology: Topology, schedule: Schedule): boolean;
  why(topology: Topology, schedule: Schedule): string;
}

/** Every reason there is; a combination that none applies to runs. */
const refusals: readonly Refusal[] = [
  {
    applies: (topology, { lanes, clients }) => lanes === 'none' && clients !== 'none' && topology.name !== 'vanilla',
    why: ({ name }, schedule) =>
      `with schedule '${schedule.name}' each client holds the undivided model, so there is no cut for topology '${name}' to place`,
  },
];

/** Why a run cannot have this topology with this schedule; undefined when it can. */
export function refusalOf(topology: Topology, schedule: Schedule): string | undefined {
  return refusals.find((refusal) => refusal.applies(topology, schedule))?.why(topology, schedule);
}
