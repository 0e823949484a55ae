import { snapshotRun, restoreRun, type RunStateSnapshot } from '../../server/run/run-state-snapshot.js';
import { advanceRun } from '../../server/run/run-reducer.js';
import type { RunInput } from '../../server/run/run-state.js';
import * as server from '../../server/session/session-reducer.js';
import type { Heard, SessionInput } from '../../server/session/session-state.js';
import { Endpoint, type KeptLink, type WorldBugs } from './schedule-endpoint.js';
import { fromPayload, mix, tensor, toBytes, valueOf, type ServerState } from './schedule-plan.js';

/** Of the queries of a client so many may be under way. */
const AHEAD = 2;

interface Kept {
  readonly state: Omit<ServerState, 'run'>;
  readonly run: RunStateSnapshot;
  readonly links: readonly KeptLink[];
}

/** A server of a simulated world, with its disk. It does what server/run/run-host.ts and server/run/checkpoints.ts do. */
export class SimulatedServer {
  links: readonly Endpoint[];
  private disk: Kept | undefined;
  private saving: { readonly kept: Kept; isWritten: boolean } | undefined;
  /** While clients have been asked for checkpoints: what each had been sent then. */
  private asked: readonly number[] | undefined;
  /** Whether something waits to be told until a checkpoint has it. */
  private wanted = false;

  constructor(
    private readonly bugs: WorldBugs,
    private readonly room: number,
    private state: ServerState,
    /** Whether one lane takes all clients' steps. */
    private readonly shared: boolean,
    /** Whether it writes checkpoints at all. */
    private readonly keeps: boolean,
  ) {
    this.links = state.sessions.map(() => new Endpoint(bugs, room));
    if (keeps) this.links.forEach((link) => link.store(0));
  }

  get finished(): boolean {
    return this.state.run.phase === 'finished';
  }

  get outcome() {
    const { lanes, bottom, run } = this.state;
    return { lanes, bottom, steps: run.steps };
  }

  /** The lane of this client does what it has to do; then what the client has said is taken. Throws what the client is refused with. */
  goOn(id: number): void {
    const busy = this.state.updates.findIndex((value, of) => value !== null && this.laneOf(of) === this.laneOf(id));
    const isLate = this.bugs.mergesEarly === true && this.links[id]?.hasMessage === true;
    if (busy >= 0 && !isLate) return this.update(busy);
    const message = this.links[id]?.take();
    if (message) this.dispatch(id, { kind: 'received', message });
  }

  /** Goes on with the checkpoint that is due or under way. `patient`: waits for clients that have not written theirs. */
  saveOn(patient: boolean): void {
    const { saving } = this;
    if (!saving) {
      if (this.wanted || this.haveClientsStored(patient)) this.snapshot();
    } else if (saving.isWritten) {
      this.saving = undefined;
      saving.kept.links.forEach(({ delivery }, id) => this.links[id]?.store(delivery.received));
      if (!this.wanted) this.links.forEach((link) => link.release());
    } else {
      this.disk = saving.kept;
      saving.isWritten = true;
      if (this.bugs.settlesEarly) this.links.forEach((link) => link.release());
    }
  }

  /** What goes over the links waits until the first one is written. */
  saveFirst(): void {
    this.snapshot();
    this.saveOn(false);
    this.saveOn(false);
  }

  /** Goes back to its newest checkpoint. */
  crash(): void {
    if (!this.disk) return;
    [this.saving, this.asked, this.wanted] = [undefined, undefined, false];
    this.state = { ...this.disk.state, run: restoreRun(this.state.run.settings, this.disk.run) };
    this.links = this.disk.links.map(({ delivery, stored }) => {
      const link = new Endpoint(this.bugs, this.room, delivery);
      link.store(stored);
      return link;
    });
  }

  advance(input: RunInput): void {
    for (const effect of advanceRun(this.state.run, input)) {
      switch (effect.kind) {
        case 'begin-turn':
          for (const { client: id, steps } of effect.work) {
            const payload = toBytes(this.state.bottom);
            this.links[id]?.send({ type: 'bottom', round: effect.round, updates: null, payload });
            this.dispatch(id, { kind: 'train', round: effect.round, steps, withOptimizer: false });
          }
          break;
        case 'apply':
          this.apply(effect.client);
          break;
        case 'merge': {
          const { uploads, bottom, lanes } = this.state;
          const sent = uploads.flatMap((value) => value ?? []);
          // Each lane of who has sent a bottom counts.
          const one = lanes.filter((_, id) => !this.shared && uploads[id] !== null).reduce(mix, 0);
          const merged = this.shared ? lanes : lanes.map(() => one);
          this.set({ bottom: sent.reduce(mix, bottom), uploads: uploads.map(() => null), lanes: merged });
          this.advance({ kind: 'merged' });
          break;
        }
        case 'begin-evaluation':
          for (const id of effect.clients) this.dispatch(id, { kind: 'evaluate', round: effect.round, ahead: AHEAD });
          break;
        case 'finish':
          if (effect.error) throw effect.error;
          this.finish();
          break;
        default:
        // Nothing of the others is part of what is compared.
      }
    }
  }

  private haveClientsStored(patient: boolean): boolean {
    if (!this.asked) {
      this.links.forEach((link) => link.askToStore());
      this.asked = this.links.map(({ sent }) => sent);
      return false;
    }
    const { asked } = this;
    return !patient || this.links.every((link, id) => link.keptCount <= link.sent - (asked[id] ?? 0));
  }

  /** While no lane works. */
  private snapshot(): void {
    const next = () => this.state.updates.findIndex((value) => value !== null);
    for (let id = next(); id >= 0; id = next()) this.update(id);
    [this.asked, this.wanted] = [undefined, false];
    const { run, ...state } = this.state;
    const links = this.links.map((link) => link.keep(false));
    this.saving = { kept: { state, run: snapshotRun(run), links }, isWritten: false };
    // The checkpoint is counted on before it is on the disk.
    if (this.bugs.settlesEarly) {
      this.saving.kept.links.forEach(({ delivery }, id) => this.links[id]?.store(delivery.received));
    }
  }

  private finish(): void {
    if (this.keeps) {
      this.wanted = true;
      this.links.forEach((link) => link.hold());
    }
    const { steps, samples } = this.state.run;
    for (const link of this.links) link.send({ type: 'finished', steps, samples, testAccuracy: null, testLoss: null });
  }

  private dispatch(id: number, input: SessionInput): void {
    const before = this.state.sessions[id];
    if (!before) return;
    const [session, effects] = server.reduceSession(before, input);
    this.set({ sessions: this.state.sessions.with(id, session) });
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          this.links[id]?.send(effect.message);
          break;
        case 'refuse':
          throw effect.error;
        case 'heard':
          this.hear(id, effect.message);
          break;
        default:
        // Nothing of the others is part of what is compared.
      }
    }
  }

  private hear(id: number, message: Heard): void {
    switch (message.type) {
      case 'smashed':
        this.set({ waiting: this.state.waiting.with(id, message) });
        return this.advance({ kind: 'step-arrived', client: id });
      case 'bottom':
        this.set({ uploads: this.state.uploads.with(id, fromPayload(message.payload)) });
        if (this.bugs.mergesEarly) this.state.run.busy.clear();
        return this.advance({ kind: 'bottom-uploaded', client: id });
      case 'query': {
        const tensors = [tensor(mix(this.state.lanes[this.laneOf(id)] ?? 0, valueOf(message.tensors)))];
        const prediction = { type: 'prediction', id: message.id, loss: 0.5, tensors } as const;
        return this.dispatch(id, { kind: 'predicted', message: prediction });
      }
      case 'evaluated':
        return this.advance({ kind: 'evaluated', client: id });
      default:
      // Nothing of the others is part of what is compared.
    }
  }

  private apply(id: number): void {
    const message = this.state.waiting[id];
    if (!message) return;
    const value = mix(this.state.lanes[this.laneOf(id)] ?? 0, valueOf(message.tensors));
    this.set({ waiting: this.state.waiting.with(id, null), updates: this.state.updates.with(id, value) });
    this.dispatch(id, { kind: 'applied', loss: 0.5, cutGradient: [tensor(value)] });
  }

  /** The answer is on its way, and the lane learns. */
  private update(id: number): void {
    const value = this.state.updates[id];
    if (value === null || value === undefined) return;
    this.set({ lanes: this.state.lanes.with(this.laneOf(id), value), updates: this.state.updates.with(id, null) });
    this.advance({ kind: 'step-applied', client: id, samples: 1 });
  }

  private laneOf(id: number): number {
    return this.shared ? 0 : id;
  }

  private set(change: Partial<ServerState>): void {
    this.state = { ...this.state, ...change };
  }
}
