/**
 * What a program may hear and decide in the course of a run. Lanes are at work meanwhile, so each must return at once: a promise is not waited for. After a crash a
 * hook may be called again for what no checkpoint had; it is never called less than once.
 */
export interface RunHooks {
  /** Asked before a client is let in, one that only asks for predictions too: a text says why it is not. */
  readonly admit?: (client: Newcomer) => string | void;
  /** A round begins; where clients train in turns, a turn of it. */
  readonly roundStart?: (round: BegunRound) => Stop | void;
  /** A lane has taken a step. */
  readonly step?: (step: TakenStep) => Stop | void;
  /** A round, or a turn of it, is over: what was to be aggregated is. */
  readonly roundEnd?: (round: EndedRound) => Stop | void;
}

/** Ends the run well once its round is over, with the model as it is then. */
export interface Stop {
  /** Why, for the result. */
  readonly stop: string;
}

/** A client that asks to be let in. */
export interface Newcomer {
  readonly role: 'train' | 'infer';
  /** Its engine, in its own words. */
  readonly engine: string;
  /** `[place, places]` that it asks for; null where any will do. */
  readonly shard: readonly [number, number] | null;
}

/** A round that begins. */
export interface BegunRound {
  /** Counted from 0. */
  readonly round: number;
  /** Steps of the whole run, as far as is known. */
  readonly planned: number;
}

/** A step that a lane has taken. */
export interface TakenStep {
  /** Of all clients, counted from 1. */
  readonly step: number;
  readonly client: number;
  readonly loss: number;
  readonly samples: number;
}

/** A round that is over. */
export interface EndedRound {
  readonly round: number;
  /** How many clients' replicas were aggregated. */
  readonly clients: number;
}
