import { isUndivided, type Schedule } from './schedules.js';
import type { Topology } from './topologies.js';

/** One reason why a topology and a schedule do not go together. */
interface Refusal {
  applies(topology: Topology, schedule: Schedule): boolean;
  why(topology: Topology, schedule: Schedule): string;
}

/** Every reason there is; a combination that none applies to runs. */
const refusals: readonly Refusal[] = [
  {
    applies: (topology, schedule) => isUndivided(schedule) && topology.name !== 'vanilla',
    why: ({ name }, schedule) =>
      `with schedule '${schedule.name}' each client holds the undivided model, so there is no cut for topology '${name}' to place`,
  },
  {
    applies: (topology, { auxiliary = false }) => auxiliary && topology.name !== 'vanilla',
    why: ({ name }, schedule) =>
      `schedule '${schedule.name}' needs the top and the labels at the server and one bottom at the client; topology '${name}' places them otherwise`,
  },
];

/** Why a run cannot have this topology with this schedule; undefined when it can. */
export function refusalOf(topology: Topology, schedule: Schedule): string | undefined {
  return refusals.find((refusal) => refusal.applies(topology, schedule))?.why(topology, schedule);
}
