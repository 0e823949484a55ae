import type { Schedule } from '../../shared/schedules.js';
import { createRng } from '../../shared/rng.js';
import { largest } from '../../shared/extremes.js';

export interface PlanSettings {
  readonly schedule: Schedule;
  readonly seed: number;
  readonly batch: number;
  readonly epochs: number;
  readonly steps: number;
  readonly roundSteps: number | undefined;
  /** The share of the clients that take part in a round, chosen anew each time. */
  readonly participation: number;
}

/** What a client brings to a round: its samples and the steps it has done in the run. */
export interface Worker {
  readonly client: number;
  readonly samples: number;
  readonly done: number;
}

/** Clients that train between two exchanges of the bottom, and the order in which the lane takes their steps. */
export interface Turn {
  readonly clients: readonly number[];
  readonly order: readonly number[];
}

/** The turns of a round; none when the run is over. `stepsDone` counts all steps of the run so far. */
export function planRound(
  settings: PlanSettings,
  workers: readonly Worker[],
  round: number,
  stepsDone: number,
): Turn[] {
  const all = workers.map((worker) => ({ client: worker.client, steps: quota(settings, worker) }));
  const quotas = choose(
    all.filter(({ steps }) => steps > 0),
    settings,
    round,
  );
  const orders =
    settings.schedule.clients === 'in-turns'
      ? quotas.map(({ client, steps }) => Array<number>(steps).fill(client))
      : [interleave(quotas, settings.seed, round)];
  let left = settings.steps - stepsDone;
  return orders.flatMap((order) => {
    const kept = order.slice(0, Math.max(0, left));
    left -= kept.length;
    return kept.length > 0 ? [{ clients: [...new Set(kept)].sort((a, b) => a - b), order: kept }] : [];
  });
}

/** Steps of the whole run as far as is known, for progress. */
export function plannedSteps(settings: PlanSettings, workers: readonly Worker[]): number {
  return Math.min(
    settings.steps,
    workers.reduce((sum, worker) => sum + totalSteps(settings, worker), 0),
  );
}

function quota(settings: PlanSettings, worker: Worker): number {
  const perRound = settings.roundSteps ?? stepsPerEpoch(settings, worker);
  return Math.max(0, Math.min(perRound, totalSteps(settings, worker) - worker.done));
}

function totalSteps(settings: PlanSettings, worker: Worker): number {
  return settings.epochs * stepsPerEpoch(settings, worker);
}

function stepsPerEpoch({ batch }: PlanSettings, { samples }: Worker): number {
  return Math.ceil(samples / batch);
}

/** A seeded choice among those that have steps left, in the order of clients; at least one. */
function choose<Q>(quotas: readonly Q[], { participation, seed }: PlanSettings, round: number): readonly Q[] {
  if (participation === 1 || quotas.length === 0) return quotas;
  const count = Math.max(1, Math.round(participation * quotas.length));
  const chosen = new Set(createRng('participants', seed, round).permutation(quotas.length).slice(0, count));
  return quotas.filter((_, i) => chosen.has(i));
}

/** One step of every client that has any left, in a fresh random order, until none has. */
function interleave(quotas: readonly { client: number; steps: number }[], seed: number, round: number): number[] {
  const rng = createRng('order', seed, round);
  const longest = largest(
    quotas.map(({ steps }) => steps),
    0,
  );
  const order: number[] = [];
  for (let tick = 0; tick < longest; tick++) {
    const active = quotas.filter(({ steps }) => steps > tick);
    for (const i of rng.permutation(active.length)) order.push(active[i]?.client ?? 0);
  }
  return order;
}
