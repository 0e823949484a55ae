import type { RunSettings } from '../../shared/config.js';
import type { PlacedSegment, RunFacts } from '../../shared/dashboard/state.js';
import { leading } from '../../shared/metrics/monitored.js';
import { isUndivided } from '../../shared/schedules.js';
import { cutsOf, type Task } from '../../shared/task.js';
import type { Topology } from '../../shared/topologies.js';

/** What a dashboard says about a run before anything has happened in it. */
export function describeRun(run: string, task: Task, settings: RunSettings, engine: string): RunFacts {
  const { topology, schedule, clients, seed, batch, roundSteps, participation } = settings;
  const whole: PlacedSegment = { party: 'client', role: 'whole', cut: null };
  return {
    run,
    task: task.name,
    topology: topology.name,
    schedule: schedule.name,
    engine,
    clients,
    seed,
    batch,
    roundSteps: roundSteps ?? null,
    participation,
    chain: isUndivided(schedule) ? [whole] : chainOf(task, topology),
    data: topology.data,
    metric: leading(task.metrics),
    gradients: schedule.lanes !== 'none' && !schedule.auxiliary,
  };
}

function chainOf(task: Task, topology: Topology): PlacedSegment[] {
  const cuts = cutsOf(task, topology.name);
  const of = cuts.length + 1;
  return Array.from({ length: of }, (_, index) => ({
    party: topology.party(index, of),
    role: index === 0 ? 'bottom' : index === of - 1 ? 'top' : 'middle',
    cut: cuts[index] === undefined ? null : [cuts[index]].flat().join(' + '),
  }));
}
