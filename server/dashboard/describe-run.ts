import type { RunSettings } from '../../shared/config.js';
import type { PlacedSegment, RunFacts } from '../../shared/dashboard/state.js';
import { leading } from '../../shared/metrics/monitored.js';
import { findSchedule, isUndivided } from '../../shared/schedules.js';
import { cutsOf, type Task } from '../../shared/task.js';
import { findTopology } from '../../shared/topologies.js';

/** What a dashboard says about a run before anything has happened in it. */
export function describeRun(run: string, task: Task, settings: RunSettings, engine: string): RunFacts {
  const { topology, schedule, clients, seed, batch, roundSteps, participation } = settings;
  const row = findSchedule(schedule);
  const whole: PlacedSegment = { party: 'client', role: 'whole', cut: null };
  return {
    run,
    task: task.name,
    topology,
    schedule,
    engine,
    clients,
    seed,
    batch,
    roundSteps: roundSteps ?? null,
    participation,
    chain: isUndivided(row) ? [whole] : chainOf(task, topology),
    data: findTopology(topology).data,
    metric: leading(task.metrics),
    gradients: row.lanes !== 'none' && !row.auxiliary,
  };
}

function chainOf(task: Task, topology: string): PlacedSegment[] {
  const cuts = cutsOf(task, topology);
  const placed = findTopology(topology);
  const of = cuts.length + 1;
  return Array.from({ length: of }, (_, index) => ({
    party: placed.party(index, of),
    role: index === 0 ? 'bottom' : index === of - 1 ? 'top' : 'middle',
    cut: cuts[index] === undefined ? null : [cuts[index]].flat().join(' + '),
  }));
}
