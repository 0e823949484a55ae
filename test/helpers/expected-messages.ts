import { isUndivided, type Schedule } from '../../shared/schedules.js';
import type { Topology } from '../../shared/topologies.js';
import type { MessageCounts } from './count-messages.js';

/** What a run is to do, by client. */
export interface RunSize {
  readonly segments: number;
  /** Steps of each client in all, and between two aggregations. */
  readonly steps: readonly number[];
  readonly roundSteps: number;
  /** Batches of test samples of each client. */
  readonly queries: readonly number[];
}

/** How many messages of each type the rows of the tables promise, where nobody leaves, lags or repeats itself. */
export function expectedMessages(topology: Topology, schedule: Schedule, size: RunSize): MessageCounts {
  if (schedule.clients === 'none') return {};
  const whole = isUndivided(schedule);
  const clients = size.steps.length;
  const steps = sum(size.steps);
  const queries = sum(size.queries);
  const turns = sum(size.steps.map((own) => Math.ceil(own / size.roundSteps)));
  const bottomsDown = schedule.bottoms === 'kept' ? clients : turns + clients;
  const clientLoss = topology.party(size.segments - 1, size.segments) === 'client';
  const each = { hello: clients, welcome: clients, model: clients, ready: clients, finished: clients };
  // All parties take a step together, and one of them has the loss.
  if (schedule.clients === 'together') return { ...each, ...jointMessages(topology, size, turns) };
  const answer = schedule.auxiliary ? { applied: steps } : { cutGradient: steps };
  const ofSteps = whole ? { trained: steps, applied: steps } : { smashed: steps, ...answer };
  const training = { train: turns, bottom: bottomsDown + turns, ...ofSteps };
  const halves = clientLoss ? { middleOutput: steps, topGradient: steps } : {};
  const asked = whole ? {} : { query: queries, prediction: queries };
  const evaluation = { evaluate: clients, ...asked, evaluated: clients };
  const counts = { ...each, ...training, ...halves, ...evaluation };
  return topology.party(1, size.segments) === 'relay' ? throughRelay(counts) : counts;
}

/** Each message goes twice, below the relay and above it; and the relay has a link of its own, on which it asks for the model. */
function throughRelay(counts: MessageCounts): MessageCounts {
  const own: MessageCounts = { hello: 1, welcome: 1, model: 1, bottom: 1, error: 1, bye: 1 };
  const names = new Set([...Object.keys(counts), ...Object.keys(own)]) as Set<keyof MessageCounts>;
  return Object.fromEntries([...names].map((name) => [name, 2 * (counts[name] ?? 0) + (own[name] ?? 0)]));
}

function jointMessages(topology: Topology, size: RunSize, turns: number): MessageCounts {
  const [parties, steps, queries] = [size.steps.length, sum(size.steps), sum(size.queries)];
  const one = topology.name === 'vertical-u-shaped' ? (size.steps[0] ?? 0) : 0;
  return {
    joint: turns,
    bottom: parties + turns,
    smashed: steps,
    cutGradient: steps,
    ...(one > 0 ? { middleOutput: one, topGradient: one } : {}),
    evaluate: parties,
    query: queries,
    prediction: queries,
    evaluated: parties,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
