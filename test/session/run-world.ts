import { planRound, type Turn } from '../../server/run/plan-round.js';
import {
  initialRun,
  type reduceRun,
  type RunEffect,
  type RunInput,
  type RunState,
} from '../../server/run/run-reducer.js';
import { createRng, type Rng } from '../../shared/rng.js';
import { findSchedule } from '../../shared/schedules.js';

type Settings = RunState['settings'];

interface Client {
  readonly samples: number;
  readonly testSamples: number;
  joined: boolean;
  gone: boolean;
  /** Steps it was told to do in this turn and has not had answered. */
  stepsLeft: number;
  waiting: boolean;
  uploaded: boolean;
  inTurn: boolean;
  done: number;
}

/** A run with made-up clients that do what they are told in any order and leave when they like. */
export class RunWorld {
  readonly violations: string[] = [];
  readonly applied: number[] = [];
  finished: { readonly error: string | null } | null = null;
  private readonly rng: Rng;
  private readonly settings: Settings;
  private readonly clients: Client[];
  private readonly leaving: number;
  private state: RunState;
  private turns: Turn[] = [];
  private order: number[] = [];
  private arrivals: number[] = [];
  private round = -1;
  private applying: number | null = null;
  private readonly evaluating = new Set<number>();

  constructor(
    private readonly reduce: typeof reduceRun,
    ...seed: (string | number)[]
  ) {
    this.rng = createRng('run', ...seed);
    this.settings = randomSettings(this.rng);
    this.clients = Array.from({ length: this.settings.clients }, () => newClient(this.rng));
    this.leaving = [0, 0, 0.01, 0.1][this.rng.int(4)] ?? 0;
    this.state = initialRun(this.settings);
  }

  /** Plays until nothing is left to happen. */
  play(): this {
    for (let event = 0; event < 5_000 && !this.finished; event++) {
      const events = this.possible();
      if (events.length === 0) break;
      const leavers = this.clients.filter((client) => client.joined && !client.gone);
      const leaver = leavers[this.rng.int(leavers.length)];
      if (leaver && this.rng.float() < this.leaving) this.leave(leaver);
      else events[this.rng.int(events.length)]?.();
      this.checkCounts();
    }
    this.checkEnd();
    return this;
  }

  /** What can happen next, but for somebody leaving. */
  private possible(): (() => void)[] {
    const events: (() => void)[] = [];
    this.clients.forEach((client, index) => {
      const { samples, testSamples } = client;
      if (client.gone) return;
      if (!client.joined) {
        events.push(() => {
          client.joined = true;
          this.feed({ kind: 'joined', client: index, samples, testSamples });
        });
        return;
      }
      if (client.inTurn && client.stepsLeft > 0 && !client.waiting) {
        events.push(() => {
          client.waiting = true;
          this.arrivals.push(index);
          this.feed({ kind: 'step-arrived', client: index });
        });
      }
      if (client.inTurn && client.stepsLeft === 0 && !client.uploaded) {
        events.push(() => {
          client.uploaded = true;
          this.feed({ kind: 'bottom-uploaded', client: index });
        });
      }
      if (this.evaluating.has(index)) {
        events.push(() => {
          this.evaluating.delete(index);
          this.feed({ kind: 'evaluated', client: index });
        });
      }
    });
    if (this.applying !== null) events.push(() => this.endStep(this.applying ?? -1));
    return events;
  }

  private endStep(index: number): void {
    const client = this.clients[index];
    if (!client) return;
    this.applying = null;
    if (this.leaving > 0 && this.rng.float() < 0.03) {
      // The order of the shell: the party is refused and leaves, then the run hears about its step.
      if (!client.gone) this.leave(client);
      this.feed({ kind: 'step-refused', client: index });
      return;
    }
    client.waiting = false;
    client.stepsLeft--;
    client.done++;
    this.applied.push(index);
    this.feed({ kind: 'step-applied', client: index, samples: 3 });
  }

  private leave(client: Client): void {
    // Before the run has begun, its place can be taken again.
    if (this.state.phase === 'gathering') client.joined = false;
    else client.gone = true;
    const index = this.clients.indexOf(client);
    this.evaluating.delete(index);
    this.feed({ kind: 'left', client: index });
  }

  private feed(input: RunInput): void {
    const [state, effects] = this.reduce(this.state, input);
    this.state = state;
    effects.forEach((effect) => this.perform(effect));
  }

  private perform(effect: RunEffect): void {
    switch (effect.kind) {
      case 'begin-turn':
        this.beginTurn(effect.round, effect.work);
        break;
      case 'apply': {
        const next = this.nextInOrder();
        this.order = this.order.filter((_, place) => place !== this.order.indexOf(next ?? -1));
        this.expect(next === effect.client, `client ${effect.client} was applied, ${next ?? 'nobody'} was next`);
        this.expect(this.applying === null, 'two steps were applied at once');
        this.expect(this.clients[effect.client]?.waiting === true, 'a step was applied before it came');
        this.applying = effect.client;
        break;
      }
      case 'merge': {
        const uploaded = this.indices((client) => client.inTurn && client.uploaded);
        const missing = this.indices((client) => client.inTurn && !client.uploaded && !client.gone);
        this.expect([...effect.clients].sort().join() === uploaded.join(), 'bottoms were lost or made up');
        this.expect(missing.length === 0, `the bottoms of ${missing.join()} were not waited for`);
        for (const client of this.clients) client.inTurn = false;
        this.feed({ kind: 'merged' });
        break;
      }
      case 'begin-evaluation': {
        const able = this.indices((client) => !client.gone && client.testSamples > 0);
        this.expect(effect.clients.join() === able.join(), 'not all that can evaluate were asked to');
        effect.clients.forEach((client) => this.evaluating.add(client));
        break;
      }
      case 'finish':
        this.expect(this.finished === null, 'the run ended twice');
        this.expect(effect.error !== null || this.evaluating.size === 0, 'the run ended during the evaluation');
        this.finished = { error: effect.error?.code ?? null };
        break;
    }
  }

  /** The planned one, or where the schedule takes steps as they arrive, the first that came. */
  private nextInOrder(): number | undefined {
    const here = (client: number) => this.clients[client]?.gone === false;
    if (this.settings.schedule.order === 'seeded') {
      this.order = this.order.filter(here);
      return this.order[0];
    }
    const next = this.arrivals.find(here);
    this.arrivals = this.arrivals.filter((client) => here(client) && client !== next);
    return next;
  }

  private beginTurn(round: number, work: readonly { client: number; steps: number }[]): void {
    if (round !== this.round) {
      this.expect(
        this.turns.every(({ clients }) => clients.every((c) => this.clients[c]?.gone)),
        'turns were left out',
      );
      this.round = round;
      const present = this.clients.flatMap(({ samples, done, gone }, client) =>
        gone ? [] : { client, samples, done },
      );
      this.turns = planRound(this.settings, present, round, this.applied.length);
    }
    const here = (client: number) => this.clients[client]?.gone === false;
    while (this.turns[0] && !this.turns[0].clients.some(here)) this.turns.shift();
    this.arrivals = [];
    this.order = this.turns.shift()?.order.filter(here) ?? [];
    for (const { client, steps } of work) {
      const planned = this.order.filter((place) => place === client).length;
      this.expect(steps === planned, `client ${client} was told ${steps} steps, ${planned} were planned`);
      const told = this.clients[client];
      if (told) Object.assign(told, { inTurn: true, uploaded: false, waiting: false, stepsLeft: steps });
    }
    this.expect(work.length === new Set(this.order).size, 'not all planned clients were told to train');
  }

  private checkCounts(): void {
    const { steps, samples, members } = this.state;
    // Once all have left the run is over, whatever the lane still finishes.
    if (this.finished) return;
    this.expect(steps === this.applied.length && samples === 3 * steps, `${steps} steps were counted`);
    this.expect(steps <= this.settings.steps, 'more steps were done than allowed');
    for (const { client, done } of members) {
      this.expect(done === this.clients[client]?.done, `client ${client} has ${done} steps on the books`);
    }
  }

  private checkEnd(): void {
    const { batch, epochs, steps } = this.settings;
    const present = this.clients.filter(({ gone }) => !gone);
    if (!this.finished) this.expect(false, `the run did not end; it is ${this.state.phase}`);
    else if (this.finished.error !== null) {
      this.expect(this.finished.error === 'NO_CLIENTS' && present.length === 0, `it failed: ${this.finished.error}`);
    } else if (this.applied.length < steps) {
      const idle = present.filter(({ samples, done }) => done !== epochs * Math.ceil(samples / batch));
      this.expect(idle.length === 0, `${idle.length} clients did not do all their steps`);
    }
  }

  private indices(where: (client: Client) => boolean): number[] {
    return this.clients.flatMap((client, index) => (where(client) ? [index] : []));
  }

  private expect(holds: boolean, violation: string): void {
    if (!holds) this.violations.push(violation);
  }
}

function randomSettings(rng: Rng): Settings {
  const schedule = findSchedule(['sequential', 'splitfed-v1', 'splitfed-v2'][rng.int(3)] ?? '');
  const steps = rng.int(2) === 0 ? Infinity : 1 + rng.int(23);
  const epochs = steps < Infinity && rng.int(2) === 0 ? Infinity : 1 + rng.int(3);
  const roundSteps = rng.int(2) === 0 ? undefined : 1 + rng.int(4);
  return { schedule, clients: 1 + rng.int(5), seed: rng.int(1_000), batch: 3 + rng.int(5), epochs, steps, roundSteps };
}

function newClient(rng: Rng): Client {
  const testSamples = rng.int(3) * 7;
  const idle = { joined: false, gone: false, stepsLeft: 0, waiting: false, uploaded: false, inTurn: false, done: 0 };
  return { samples: 1 + rng.int(29), testSamples, ...idle };
}
