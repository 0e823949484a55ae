import { planRound, sharesOf, type Turn } from '../../server/run/plan-round.js';
import { snapshotRun, restoreRun } from '../../server/run/run-state-snapshot.js';
import type { advanceRun } from '../../server/run/run-reducer.js';
import { initialRun, laneOf, type RunEffect, type RunInput, type RunState } from '../../server/run/run-state.js';
import { createRng, type Rng } from '../../shared/rng.js';
import { leftUndone, wrongCounts } from './run-counts.js';
import { placesOf } from './drive-run.js';
import { newClient, randomSettings, type Client } from './random-run.js';
import { EarlyStoppingOracle } from './early-stopping-oracle.js';

/** A run with made-up clients that do what they are told in any order and leave when they like. */
export class RunWorld {
  readonly violations: string[] = [];
  readonly applied: number[] = [];
  finished: { readonly error: string | null } | null = null;
  private readonly rng: Rng;
  private readonly settings: RunState['settings'];
  private readonly clients: Client[];
  private readonly leaving: number;
  private state: RunState;
  private turns: Turn[] = [];
  private order: number[] = [];
  private arrivals: number[] = [];
  private round = -1;
  /** Whose step each lane has. */
  private readonly onLanes = new Map<number, number>();
  private deadlineSet = false;
  private readonly earlyStopping: EarlyStoppingOracle;
  private readonly evaluating = new Set<number>();

  constructor(
    private readonly advance: typeof advanceRun,
    ...seed: (string | number)[]
  ) {
    this.rng = createRng('run', ...seed);
    this.settings = randomSettings(this.rng);
    this.clients = Array.from({ length: this.settings.clients }, () => newClient(this.rng));
    this.leaving = [0, 0, 0.01, 0.1][this.rng.int(4)] ?? 0;
    this.state = initialRun(this.settings);
    this.earlyStopping = new EarlyStoppingOracle(this.settings.earlyStopping);
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
      if (this.rng.int(9) === 0) this.restart();
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
          // Left aside: it comes too late.
          if (this.lags(index)) client.inTurn = false;
          this.feed({ kind: 'bottom-uploaded', client: index });
        });
      }
      if (this.evaluating.has(index)) {
        events.push(() => {
          this.evaluating.delete(index);
          // What it sends in its own time counts no longer, and brings it back.
          this.feed({ kind: 'evaluated', client: index });
        });
      }
    });
    if (this.deadlineSet) events.push(() => this.feed({ kind: 'deadline-passed' }));
    for (const client of this.onLanes.values()) events.push(() => this.endStep(client));
    return events;
  }

  private endStep(index: number): void {
    const client = this.clients[index];
    if (!client) return;
    this.onLanes.delete(laneOf(this.state, index));
    if (this.leaving > 0 && this.rng.float() < 0.03) {
      if (!client.gone) this.leave(client); // As the shell does: the party leaves before the run hears of its step.
      return this.feed({ kind: 'step-refused', client: index });
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
    const effects = this.advance(this.state, input);
    this.strike(this.indices((_, index) => this.lags(index)));
    effects.forEach((effect) => this.perform(effect));
  }

  private perform(effect: RunEffect): void {
    switch (effect.kind) {
      case 'begin-turn':
        return this.beginTurn(effect.round, effect.work);
      case 'apply': {
        const lane = laneOf(this.state, effect.client);
        const next = this.nextInOrder(lane);
        this.order = this.order.filter((_, place) => place !== this.order.indexOf(next ?? -1));
        this.expect(next === effect.client, `client ${effect.client} was applied, ${next ?? 'nobody'} was next`);
        this.expect(!this.onLanes.has(lane), 'a lane was given two steps at once');
        this.expect(this.clients[effect.client]?.waiting === true, 'a step was applied before it came');
        this.onLanes.set(lane, effect.client);
        break;
      }
      case 'second-half':
      case 'undo':
        throw new Error(`'${effect.kind}' came for a step that is whole`);
      case 'set-deadline':
        this.expect(effect.seconds === this.settings.deadline, 'another deadline was set');
        this.deadlineSet = true;
        break;
      case 'caught-up':
        break;
      case 'release': {
        const released = this.clients[effect.client];
        this.expect(released?.waiting === true, 'a client was released whose step had not come');
        if (released) Object.assign(released, { waiting: false, inTurn: false, stepsLeft: 0 });
        this.strike([effect.client]);
        break;
      }
      case 'merge': {
        const uploaded = this.indices((client) => client.inTurn && client.uploaded);
        const missing = this.indices((client, i) => client.inTurn && !client.uploaded && !client.gone && !this.lags(i));
        this.expect([...effect.clients].sort().join() === uploaded.join(), 'bottoms were lost or made up');
        this.expect(missing.length === 0, `the bottoms of ${missing.join()} were not waited for`);
        this.clients.forEach((client, i) => (client.inTurn &&= this.lags(i)));
        this.feed({ kind: 'merged' });
        break;
      }
      case 'begin-evaluation': {
        const able = this.indices((client, i) => this.isReady(client, i) && client.testSamples > 0);
        this.expect(effect.clients.join() === able.join(), 'not all that can evaluate were asked to');
        effect.clients.forEach((client) => this.evaluating.add(client));
        this.checkDue(effect.round);
        break;
      }
      case 'score': {
        const isWaitedFor = (client: Client, i: number) => this.evaluating.has(i) && this.isReady(client, i);
        this.expect(!this.clients.some(isWaitedFor), 'an evaluation was added up before its end');
        const value = [null, NaN, this.rng.float(), this.rng.float()][this.rng.int(4)] ?? null;
        this.earlyStopping.score(value);
        this.feed({ kind: 'scored', value });
        this.expect(!this.earlyStopping.owesKeeping, 'the best model was not kept');
        break;
      }
      case 'keep-model':
        this.expect(this.earlyStopping.owesKeeping, 'a model was kept that is not the best');
        this.earlyStopping.owesKeeping = false;
        break;
      case 'finish': {
        this.expect(this.finished === null, 'the run ended twice');
        this.expect(!this.earlyStopping.owesKeeping, 'the best model was not kept');
        const rest = this.settings.deadline === undefined ? this.evaluating.size : 0;
        this.expect(effect.error !== null || rest === 0, 'the run ended during the evaluation');
        this.finished = { error: effect.error?.code ?? null };
        break;
      }
    }
  }

  /** Evaluations are after every so many rounds, and at the end. */
  private checkDue(round: number): void {
    const over = planRound(this.settings, this.workers(), round, this.applied.length).length === 0;
    this.expect(over || this.earlyStopping.isDue(round), `there was an evaluation after round ${round}`);
    this.earlyStopping.round = round;
  }

  private workers() {
    return this.clients.flatMap((each, client) => {
      const { samples, done } = each;
      return this.isReady(each, client) ? { missed: 0, ...this.state.members.get(client), client, samples, done } : [];
    });
  }

  /** Goes on from a snapshot of itself: what lanes have begun with comes again. */
  private restart(): void {
    for (const client of this.onLanes.values()) {
      if (!this.clients[client]?.gone) this.order.unshift(client);
      Object.assign(this.clients[client] ?? {}, { waiting: false });
    }
    this.onLanes.clear();
    const snapshot = JSON.parse(JSON.stringify(snapshotRun(this.state))) as ReturnType<typeof snapshotRun>;
    this.state = restoreRun(this.settings, snapshot, this.state.replay);
    this.feed({ kind: 'resumed' });
  }

  /** The planned one, or where the schedule takes steps as they arrive, the first that came for the lane. */
  private nextInOrder(lane: number): number | undefined {
    const here = (client: number) => this.clients[client]?.gone === false;
    if (this.settings.schedule.order === 'seeded') {
      this.order = this.order.filter(here);
      return this.order[0];
    }
    const next = this.arrivals.find((client) => here(client) && laneOf(this.state, client) === lane);
    this.arrivals = this.arrivals.filter((client) => here(client) && client !== next);
    return next;
  }

  private beginTurn(round: number, work: readonly { client: number; steps: number }[]): void {
    if (round !== this.round) {
      const leftOut = this.turns.some(({ quotas }) => quotas.some(({ client: c }) => !this.clients[c]?.gone));
      this.expect(!leftOut || this.settings.deadline !== undefined, 'turns were left out');
      this.round = round;
      const able = this.indices((client, i) => this.isReady(client, i) && client.testSamples > 0).length > 0;
      this.expect(!this.earlyStopping.isDue(round) || !able, `the evaluation after round ${round} was left out`);
      this.expect(!this.earlyStopping.isOutOfPatience, 'the run went on when its patience was over');
      this.turns = planRound(this.settings, this.workers(), round, this.applied.length);
    }
    const here = (index: number) => {
      const client = this.clients[index];
      return client !== undefined && this.isReady(client, index);
    };
    const members = (turn: Turn) => sharesOf(this.settings, turn, round).map(({ client }) => client);
    while (this.turns[0] && !members(this.turns[0]).some(here)) this.turns.shift();
    this.arrivals = [];
    const turn = this.turns.shift();
    this.order = turn ? placesOf(turn, this.settings.seed, round).filter(here) : [];
    for (const { client, steps } of work) {
      const planned = this.order.filter((place) => place === client).length;
      this.expect(steps === planned, `client ${client} was told ${steps} steps, ${planned} were planned`);
      const told = this.clients[client];
      if (told) Object.assign(told, { inTurn: true, uploaded: false, waiting: false, stepsLeft: steps });
    }
    this.expect(work.length === new Set(this.order).size, 'not all planned clients were told to train');
  }

  private checkCounts(): void {
    // Once all have left the run is over, whatever the lane still finishes.
    if (!this.finished) this.violations.push(...wrongCounts(this.state, this.applied.length, this.clients));
  }

  private checkEnd(): void {
    if (!this.finished) this.expect(false, `the run did not end; it is ${this.state.phase}`);
    else if (this.finished.error !== null) {
      const none = !this.clients.some((client, i) => this.isReady(client, i));
      this.expect(this.finished.error === 'NO_CLIENTS' && none, `it failed: ${this.finished.error}`);
    } else if (!this.earlyStopping.isOutOfPatience) this.violations.push(...leftUndone(this.state, this.clients));
  }

  private indices(where: (client: Client, index: number) => boolean): number[] {
    return this.clients.flatMap((client, index) => (where(client, index) ? [index] : []));
  }

  /** Whether the run has given up waiting for a client. Whom, is tested in run-deadlines.test.ts. */
  private lags(index: number): boolean {
    return this.state.members.get(index)?.lagging === true;
  }

  private isReady({ joined, gone }: Client, index: number): boolean {
    return joined && !gone && !this.lags(index);
  }

  private strike(clients: readonly number[]): void {
    this.order = this.order.filter((client) => !clients.includes(client));
    this.arrivals = this.arrivals.filter((client) => !clients.includes(client));
  }

  private expect(holds: boolean, violation: string): void {
    if (!holds) this.violations.push(violation);
  }
}
