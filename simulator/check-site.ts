import type { RunSettings } from '../shared/config.js';
import { TandemError } from '../shared/errors.js';
import { placeSegments } from '../shared/topologies.js';
import { cutsOf } from '../shared/task.js';
import type { SimulateOptions } from './simulate.js';

/** Throws BAD_OPTION where browsers are to take part in, or look at, a run that does not let them. */
export function checkSite(options: SimulateOptions, settings: RunSettings): void {
  const { browsers = 0, dashboard } = options;
  if (browsers === 0 && dashboard === undefined) return;
  const flag = browsers > 0 ? '--browsers' : '--dashboard';
  const why = siteProblem(options, settings) ?? (browsers > 0 ? tabProblem(options, settings) : undefined);
  if (why !== undefined) throw new TandemError('BAD_OPTION', why, `leave ${flag} out, or change the other flag`);
}

function siteProblem({ transport = 'websocket' }: SimulateOptions, { schedule }: RunSettings): string | undefined {
  if (transport !== 'websocket') return `browsers need sockets, and transport is '${transport}'`;
  if (schedule.clients === 'none') return `schedule '${schedule.name}' has no server that browsers could reach`;
  return undefined;
}

function tabProblem(options: SimulateOptions, { topology, clients }: RunSettings): string | undefined {
  const { task, browsers = 0, clientSegments, clientBottoms } = options;
  if (!Number.isInteger(browsers) || browsers < 0 || browsers > clients) {
    return `browsers is ${browsers}, of ${clients} clients`;
  }
  if (topology.data === 'features')
    return `the page that tabs join with has no place for parties of topology '${topology.name}'`;
  if (placeSegments(topology, cutsOf(task, topology.name).length + 1).relayed > 0) {
    return `tabs join at the server, and under topology '${topology.name}' clients join at a relay`;
  }
  return (clientSegments ?? clientBottoms) ? 'tabs hold what the topology gives them' : undefined;
}
