import type { RoundToPlan, Schedule } from '../../shared/schedules.js';
import { createRng } from '../../shared/rng.js';
import { limits } from '../../shared/protocol/limits.js';
import { customPlan } from './custom-plan.js';
import { SeededOrder, type Quota } from './seeded-order.js';

export interface PlanSettings {
  readonly schedule: Schedule;
  readonly seed: number;
  readonly batch: number;
  readonly epochs: number;
  readonly steps: number;
  readonly roundSteps: number | undefined;
  /** Asked before each round: whether a program has ended the training. */
  readonly isStopped?: (() => boolean) | undefined;
  /** The share of the clients that take part in a round, chosen anew each time. */
  readonly participation: number;
  /** With a pool: how many times a lane goes through it. */
  readonly pool?: number | undefined;
  readonly poolEvery?: number | undefined;
}

/** A client to plan for: its samples, and how many steps its place has done and missed so far. */
export interface Worker {
  readonly client: number;
  readonly samples: number;
  readonly done: number;
  readonly missed: number;
  /** How many of the steps done filled a pool, from which the client learned nothing. */
  readonly sent?: number;
}

/** The clients of a turn and their steps. Their seeded order is cut off after `places` steps. */
export interface Turn {
  readonly quotas: readonly Quota[];
  readonly places: number;
  /** Clients send all their samples for the pool, and do not learn. */
  readonly sends?: true;
}

/**
 * Plans the turns of a round; none when the run is over. `stepsDone` counts the run's steps without those that filled a pool, `unsent` the rounds since
 * one was last filled.
 */
export function planRound(
  settings: PlanSettings,
  workers: readonly Worker[],
  round: number,
  stepsDone: number,
  unsent = 0,
): Turn[] {
  const { pool, poolEvery = Infinity } = settings;
  if (pool !== undefined && unsent >= poolEvery) return [sending(settings, workers)];
  const turns = settings.isStopped?.() ? [] : learning(settings, workers, round, stepsDone);
  return turns.length === 0 && pool !== undefined && unsent > 0 ? [sending(settings, workers)] : turns;
}

function sending(settings: PlanSettings, workers: readonly Worker[]): Turn {
  const quotas = workers.map((worker) => ({ client: worker.client, steps: stepsPerEpoch(settings, worker) }));
  return { quotas, places: sum(quotas), sends: true };
}

function learning(settings: PlanSettings, workers: readonly Worker[], round: number, stepsDone: number): Turn[] {
  const all = workers.map((worker) => ({ client: worker.client, steps: quota(settings, worker) }));
  const able = all.filter(({ steps }) => steps > 0);
  const { plan } = settings.schedule;
  const quotas = plan ? customPlan(plan, toPlan(settings, workers, round)) : choose(able, settings, round);
  const turns = settings.schedule.clients === 'in-turns' ? quotas.map((quota) => [quota]) : [quotas];
  let left = settings.steps - stepsDone;
  return turns.flatMap((own) => {
    const places = Math.min(sum(own), Math.max(0, left));
    left -= places;
    return places > 0 ? [{ quotas: own, places }] : [];
  });
}

/** How many steps each client of a turn gets; clients without any are left out. */
export function sharesOf({ seed }: Pick<PlanSettings, 'seed'>, { quotas, places }: Turn, round: number): Quota[] {
  if (places === sum(quotas)) return [...quotas];
  const order = new SeededOrder(quotas, seed, round);
  const counts = new Map<number, number>();
  for (; order.passed < places; order.pass()) {
    const client = order.current ?? -1;
    counts.set(client, (counts.get(client) ?? 0) + 1);
  }
  return quotas.map(({ client }) => ({ client, steps: counts.get(client) ?? 0 })).filter(({ steps }) => steps > 0);
}

/** Steps of the whole run as far as is known, for progress. */
export function plannedSteps(settings: PlanSettings, workers: Iterable<Worker>): number {
  let [steps, sent] = [0, 0];
  for (const worker of workers) {
    const ofWorker = learned(worker) + stepsLeft(settings, worker);
    steps += ofWorker;
    sent += fillings(settings, worker, ofWorker) * stepsPerEpoch(settings, worker);
  }
  return Math.min(settings.steps, steps) + sent;
}

/** How many times a client fills a pool in a run in which it learns for so many steps. */
function fillings({ pool, poolEvery = Infinity, ...settings }: PlanSettings, worker: Worker, steps: number): number {
  if (pool === undefined) return 0;
  const perRound = settings.roundSteps ?? stepsPerEpoch(settings, worker);
  return Number.isFinite(steps) ? Math.max(1, Math.ceil(steps / perRound / poolEvery)) : 1;
}

function learned({ done, sent = 0 }: Worker): number {
  return done - sent;
}

function quota(settings: PlanSettings, worker: Worker): number {
  const perRound = settings.roundSteps ?? stepsPerEpoch(settings, worker);
  return Math.min(perRound, stepsLeft(settings, worker));
}

function stepsLeft(settings: PlanSettings, worker: Worker): number {
  return Math.max(0, settings.epochs * stepsPerEpoch(settings, worker) - learned(worker) - worker.missed);
}

/** What a custom plan is given: who is there, by number, and has steps left. */
function toPlan(settings: PlanSettings, workers: readonly Worker[], round: number): RoundToPlan {
  const clients = workers.map((worker) => {
    const { client, samples } = worker;
    const done = learned(worker);
    const left = Math.min(limits.steps, stepsLeft(settings, worker));
    return { client, samples, done, usual: quota(settings, worker), left };
  });
  return { round, clients: clients.filter(({ left }) => left > 0).sort((a, b) => a.client - b.client) };
}

function stepsPerEpoch({ batch }: PlanSettings, { samples }: Worker): number {
  return Math.ceil(samples / batch);
}

/** The seeded choice of the clients that take part in a round; at least one. */
function choose<Q>(quotas: readonly Q[], { participation, seed }: PlanSettings, round: number): readonly Q[] {
  if (participation === 1 || quotas.length === 0) return quotas;
  const count = Math.max(1, Math.round(participation * quotas.length));
  const chosen = new Set(createRng('participants', seed, round).permutation(quotas.length).slice(0, count));
  return quotas.filter((_, i) => chosen.has(i));
}

function sum(quotas: readonly Quota[]): number {
  return quotas.reduce((total, { steps }) => total + steps, 0);
}
