import { advanceRun } from '../../server/run/run-reducer.js';
import { initialRun } from '../../server/run/run-state.js';
import type { RunEffect, RunInput, RunState } from '../../server/run/run-state.js';
import type { Turn } from '../../server/run/plan-round.js';
import { SeededOrder } from '../../server/run/seeded-order.js';
import { findSchedule } from '../../shared/schedules.js';

/** Waits for everybody without end. */
export const patient = { staleness: 3, participation: 1, deadline: undefined, quorum: 0.5 } as const;

/** Three interleaved clients with 2, 3 and 1 steps each. */
const settings: RunState['settings'] = {
  schedule: findSchedule('splitfed-v2'),
  clients: 3,
  seed: 11,
  batch: 7,
  epochs: 1,
  steps: Infinity,
  roundSteps: undefined,
  ...patient,
};
export const sequential = { ...settings, schedule: findSchedule('sequential') };
const samples = [13, 15, 3];

/** Whose place is when, in a planned turn. */
export function placesOf({ quotas, places }: Turn, seed: number, round: number): number[] {
  const order = new SeededOrder(quotas, seed, round);
  return Array.from({ length: places }, () => {
    const client = order.current ?? -1;
    order.pass();
    return client;
  });
}

/** A run and all it has asked for. */
export class Run {
  state: RunState;
  log: RunEffect[] = [];

  constructor(change: Partial<RunState['settings']> = {}) {
    this.state = initialRun({ ...settings, ...change });
  }

  do(...inputs: RunInput[]): this {
    for (const input of inputs) {
      const effects = advanceRun(this.state, input);
      this.log.push(...effects);
      if (effects.at(-1)?.kind === 'merge') this.do({ kind: 'merged' });
    }
    return this;
  }

  join(...clients: number[]): this {
    return this.do(
      ...clients.map((client) => ({ kind: 'joined', client, samples: samples[client] ?? 9, testSamples: 5 }) as const),
    );
  }

  /** Clients' steps come, and the lane does what it may. */
  steps(...clients: number[]): this {
    for (const client of clients) {
      this.do({ kind: 'step-arrived', client });
      for (let at = this.atWork[0]; at !== undefined; at = this.atWork[0])
        this.do({ kind: 'step-applied', client: at, samples: 5 });
    }
    return this;
  }

  /** A whole round in which everybody does what they are told. */
  round(): this {
    return this.steps(...this.places).upload(...this.inTurn);
  }

  /** Whose steps lanes have now. */
  get atWork(): number[] {
    return [...this.state.busy.values()];
  }

  /** Who has a part in the turn. */
  get inTurn(): number[] {
    return this.state.turn?.present ?? [];
  }

  /** Whose places in the order of the turn are left. */
  get places(): number[] {
    const snapshot = this.state.turn?.snapshot();
    return snapshot ? placesOf(snapshot.turn, this.state.settings.seed, snapshot.round).slice(snapshot.passed) : [];
  }

  upload(...clients: number[]): this {
    return this.do(...clients.map((client) => ({ kind: 'bottom-uploaded', client }) as const));
  }

  leave(...clients: number[]): this {
    return this.do(...clients.map((client) => ({ kind: 'left', client }) as const));
  }

  /** An evaluation by all that were asked, which comes to this value. */
  scored(value: number | null): this {
    return this.evaluated(...this.state.evaluating).do({ kind: 'scored', value });
  }

  evaluated(...clients: number[]): this {
    return this.do(...clients.map((client) => ({ kind: 'evaluated', client }) as const));
  }

  /** What was asked for since the last look. */
  get asked(): RunEffect[] {
    return this.log.splice(0);
  }

  get applied(): number[] {
    return this.log.flatMap((effect) => (effect.kind === 'apply' ? [effect.client] : []));
  }
}
