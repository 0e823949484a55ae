import { aggregationText } from '../shared/aggregation.js';
import { bottomRefusalOf, depthRefusalOf } from '../shared/combinations.js';
import type { RunSettings } from '../shared/config.js';
import { TandemError } from '../shared/errors.js';
import { OWN_BOTTOM } from '../shared/task-fields.js';
import { cutsOf, type Task } from '../shared/task.js';

/** What each client of a simulation holds, where they differ. */
export interface ClientHoldings {
  readonly task: Task;
  readonly clientSegments?: readonly number[];
  readonly clientBottoms?: readonly string[];
}

/** Throws BAD_OPTION with the reason before anybody waits for a client that would be refused. */
export function checkClients({ task, clientSegments, clientBottoms }: ClientHoldings, settings: RunSettings): void {
  const segments = clientSegments && segmentProblem(task, clientSegments, settings);
  if (segments !== undefined)
    throw new TandemError('BAD_OPTION', segments, 'see --client-segments in docs/topologies.md');
  const bottoms = clientBottoms && bottomProblem(task, clientBottoms, settings);
  if (bottoms !== undefined) throw new TandemError('BAD_OPTION', bottoms, 'see --client-bottoms in docs/topologies.md');
}

function segmentProblem(task: Task, counts: readonly number[], settings: RunSettings): string | undefined {
  const { clients, topology, schedule, aggregation } = settings;
  const refusal = depthRefusalOf(topology, schedule, aggregationText(aggregation));
  if (refusal !== undefined) return `clients cannot hold different segments: ${refusal}`;
  if (counts.length !== clients) return `clientSegments lists ${counts.length} clients, the run has ${clients}`;
  const most = cutsOf(task, topology.name).length;
  const wrong = counts.find((count) => !(Number.isInteger(count) && count >= 1 && count <= most));
  return wrong === undefined ? undefined : `a client is to hold ${wrong} segments, this run gives 1 to ${most}`;
}

function bottomProblem(task: Task, bottoms: readonly string[], settings: RunSettings): string | undefined {
  const { clients, topology, schedule } = settings;
  const refusal = bottomRefusalOf(topology, schedule);
  if (refusal !== undefined) return `clients cannot have different bottoms: ${refusal}`;
  if (bottoms.length !== clients) return `clientBottoms lists ${bottoms.length} clients, the run has ${clients}`;
  const names = [OWN_BOTTOM, ...Object.keys(task.bottoms ?? {})];
  const wrong = bottoms.find((name) => !names.includes(name));
  return wrong === undefined
    ? undefined
    : `a client is to hold the bottom '${wrong}', task '${task.name}' has ${names.join(', ')}`;
}
