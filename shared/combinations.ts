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
  {
    applies: ({ data }, { clients }) => data === 'features' && clients !== 'together' && clients !== 'none',
    why: (_, { name }) =>
      `a step of a vertical topology needs the features of all parties, and with schedule '${name}' clients have steps of their own`,
  },
  {
    applies: ({ data }, { clients }) => data !== 'features' && clients === 'together',
    why: (_, { name }) =>
      `with schedule '${name}' all parties take each step together, each with features of its own, and only vertical topologies have those`,
  },
];

/** Why the clients of a run cannot hold different numbers of segments; undefined when they can. */
export function depthRefusalOf(topology: Topology, schedule: Schedule, aggregation: string): string | undefined {
  const { name } = topology;
  if (topology.party(3, 4) === 'client') return `topology '${name}' gives the top to every client`;
  if (topology.party(1, 4) !== 'server') return `topology '${name}' leaves the server no segment to give away`;
  if (schedule.lanes === 'none') return `schedule '${schedule.name}' divides nothing between clients and server`;
  if (schedule.auxiliary) return `schedule '${schedule.name}' has a head beside the server's segments for one cut only`;
  if (schedule.bottoms !== 'averaged') {
    return `schedule '${schedule.name}' does not average the bottoms, so a segment would be here a client's and there the server's`;
  }
  if (schedule.lanes === 'shared' && aggregation !== 'mean') {
    return `in the lane that clients share under '${schedule.name}' there is no replica of each client, which aggregation '${aggregation}' compares`;
  }
  return undefined;
}

/** Why the clients of a run cannot have different bottoms; undefined when they can. */
export function bottomRefusalOf(topology: Topology, schedule: Schedule): string | undefined {
  if (schedule.lanes === 'none') return `schedule '${schedule.name}' divides nothing between clients and server`;
  if (topology.data === 'features') return `topology '${topology.name}' gives each party a bottom of its own`;
  const more = topology.party(1, 4) !== 'server' || topology.party(3, 4) === 'client';
  if (schedule.bottoms === 'handed-over' && more) {
    return (
      `schedule '${schedule.name}' hands on all that a client holds with the state of its optimizers, and what ` +
      `topology '${topology.name}' puts above the bottom would have made other updates than the bottom`
    );
  }
  return undefined;
}

/** Why a run cannot have this topology with this schedule; undefined when it can. */
export function refusalOf(topology: Topology, schedule: Schedule): string | undefined {
  return refusals.find((refusal) => refusal.applies(topology, schedule))?.why(topology, schedule);
}
