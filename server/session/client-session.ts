import { asTandemError, type TandemError } from '../../shared/errors.js';
import type { ClientAccount, Departure, LinkChange, RunEvent } from '../../shared/events.js';
import { plainLine } from '../../shared/plain-line.js';
import { addBytes, noBytes, type ByteCounts } from '../../shared/protocol/byte-meter.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Link } from '../../shared/protocol/link.js';
import { testedSamples } from './claims.js';
import { departureFor } from './departures.js';
import type { Cursor } from '../../shared/session/delivery.js';
import { usualHolding } from './holding.js';
import { atOnce } from './intakes.js';
import { reduceSession } from './session-reducer.js';
import {
  initialSession,
  type Heard,
  type SessionEffect,
  type SessionInput,
  type SessionRules,
  type SessionState,
  type StepRequest,
} from './session-state.js';

/** The link of a session, over one transport after the other. */
export interface SessionLink extends Pick<Link, 'meter' | 'send' | 'messages' | 'refuse' | 'close'> {
  /** The last message has been taken into the session's state. Returns the cursor from before it. */
  took(): Cursor;
  /** Everything is said. */
  finish(): void;
  /** The most bytes that a message may unpack to. */
  limitUnpacked?(bytes: number): void;
  /** What the client is at work on, for which it may be silent. */
  owes?: () => string | null;
  /** Called when the link is lost, silent or back. */
  onChange?: (change: LinkChange) => void;
}

/** Lets clients in, and is told how their sessions go: a run, or a hop of a relay. */
export interface SessionOwner {
  admit(session: ClientSession, hello: Message<'hello'>): void;
  ready(session: ClientSession, message: Message<'ready'>): void;
  emit(event: RunEvent): void;
  refused(session: ClientSession, error: TandemError): void;
  /** Resolves when that is written down, where it is. */
  left(session: ClientSession, why: Departure): Promise<void> | void;
  /** Something on this side broke down. */
  failed(error: TandemError): void;
}

/** Takes a session's messages, once they are checked. */
export interface Listener {
  heard(session: ClientSession, message: Heard, rows: number): void;
}

/** What a checkpoint has of a session. */
export interface ClientSessionSnapshot extends Pick<
  ClientSession,
  'holding' | 'engine' | 'waiting' | 'steps' | 'samples' | 'turnSamples' | 'given'
> {
  readonly client: number;
  /** The id. */
  readonly session: string;
  readonly bytes: ByteCounts;
  readonly state: SessionState;
}

/** One client's session at the server: hands messages to the reducer and performs its effects. */
export class ClientSession {
  /** The client's place in the run; null before it was admitted and for clients that only infer. */
  client: number | null = null;
  /** What the client names to resume it. */
  id = '';
  holding = usualHolding;
  /** The client's engine, in its own words. */
  engine = '';
  /** The step that waits for its lane. */
  waiting: { readonly message: StepRequest; readonly rows: number } | null = null;
  /** The step whose first half the lane has done, until its second half is handed to the lane. */
  halfDone: { readonly rows: number; readonly gradient?: Message<'topGradient'> } | null = null;
  steps = 0;
  samples = 0;
  /** Samples of this turn: the client's weight in the average. */
  turnSamples = 0;
  /** The largest value the client was given that other clients had a part in: what comes of large ones is not its fault. */
  given = 0;
  /** The session before its last message that came while no step was half done. */
  private whole: { readonly cursor: Cursor; readonly state: SessionState } | null = null;
  /** Resolves when the session has ended. */
  gone: Promise<void> = Promise.resolve();
  /** Whether the last message was sent: the session ends when the client has received it. */
  private saidAll = false;
  private inherited: ByteCounts = noBytes;
  private state: SessionState;
  private departed: Promise<void> | void = undefined;

  constructor(
    readonly link: SessionLink,
    rules: Pick<SessionRules, 'contract'> & Partial<SessionRules>,
    private readonly owner: SessionOwner,
    private readonly listener: Listener,
    /** The queue of its lane, once it has one. */
    public intakes = atOnce,
  ) {
    this.state = initialSession(rules);
    link.owes = () => this.owes;
    link.onChange = (change) => {
      if (this.client !== null) owner.emit({ kind: 'link', client: this.client, change });
    };
  }

  get phase(): SessionState['phase'] {
    return this.state.phase;
  }

  /** How many test samples the client may report in this evaluation. */
  get tested(): number {
    return testedSamples(this.state.claims, this.state.rules.contract);
  }

  /** The kind of work the client owes a reply to; null when it owes none. */
  private get owes(): string | null {
    const { phase, draining } = this.state;
    const isAtWork = phase === 'joining' || phase === 'training' || phase === 'uploading' || phase === 'evaluating';
    return isAtWork || draining ? phase : null;
  }

  /** Reads until the session ends. Never throws, whatever the client sends. */
  listen(): Promise<void> {
    return (this.gone = this.read());
  }

  private async read(): Promise<void> {
    let end: SessionInput = { kind: 'closed' };
    try {
      for await (const message of this.link.messages()) {
        // A lasting link answers by itself.
        if (message.type === 'ping') this.send({ type: 'settled', number: 0 });
        else
          await this.intakes.takeIn(() => {
            const cursor = this.link.took();
            if (!this.halfDone) this.whole = { cursor, state: this.state };
            this.dispatch({ kind: 'received', message });
          });
        if (this.state.phase === 'closed' && !this.saidAll) return;
      }
    } catch (error) {
      const refusal = asTandemError(error);
      if (refusal.code === 'LINK_LOST') end = { kind: 'closed', why: departureFor(refusal) };
      else this.refuse(refusal);
    } finally {
      this.dispatch(end);
      // The link stays open until a departure is written down: after a crash the server would ask this client once more.
      void Promise.resolve(this.departed).then(() => this.link.close());
    }
  }

  /** Goes on with the account of the client that had this place before. */
  follow(predecessor: ClientAccount | undefined): void {
    if (!predecessor) return;
    const { steps, samples, bytes } = predecessor;
    this.steps = steps;
    this.samples = samples;
    this.inherited = bytes;
  }

  /** The cursor before the step that is half done; undefined where none is. */
  get cursor(): Cursor | undefined {
    return this.halfDone ? this.whole?.cursor : undefined;
  }

  /** The session as plain data. A step that is half done has not arrived in it. */
  snapshot(): ClientSessionSnapshot {
    const { client, id, holding, engine, steps, samples, turnSamples, given } = this;
    const waiting = this.halfDone ? null : this.waiting;
    const state = (this.halfDone && this.whole?.state) ?? this.state;
    const { bytes } = this.account(-1);
    return {
      client: client ?? -1,
      session: id,
      holding,
      engine,
      waiting,
      steps,
      samples,
      turnSamples,
      given,
      bytes,
      state,
    };
  }

  restore({ bytes, state, session, ...own }: ClientSessionSnapshot): this {
    Object.assign(this, own);
    this.id = session;
    // Older checkpoints lack `saved`.
    this.inherited = { ...noBytes, ...bytes };
    this.state = state;
    this.limitLink(state.rules);
    return this;
  }

  account(client: number): ClientAccount {
    const { samples, steps, link } = this;
    return { client, samples, steps, bytes: addBytes(this.inherited, link.meter.counts) };
  }

  countStep(rows: number): void {
    this.steps++;
    this.samples += rows;
    this.turnSamples += rows;
  }

  /** Takes an event. An error in its effects is the run's, not the client's. */
  dispatch(input: SessionInput): void {
    if (input.kind === 'train') this.turnSamples = 0;
    if (input.kind === 'contracted') this.limitLink(input.rules);
    const [state, effects] = reduceSession(this.state, input);
    this.state = state;
    try {
      effects.forEach((effect) => this.perform(effect));
    } catch (error) {
      this.owner.failed(asTandemError(error));
    }
  }

  /** Ends the client's turn early. */
  release(round: number): void {
    this.waiting = null;
    this.dispatch({ kind: 'release', round });
  }

  send(message: Message): void {
    try {
      this.link.send(message);
    } catch (error) {
      this.refuse(asTandemError(error));
    }
  }

  /** Tells the client why, closes, and tells the run. */
  refuse(error: TandemError): void {
    if (this.state.phase !== 'closed') this.owner.refused(this, error);
    this.dismiss(error);
  }

  /** Ends the session without counting a refusal: the client is not at fault. */
  dismiss(error: TandemError): void {
    if (this.state.phase === 'closed') return;
    this.link.refuse(error);
    this.dispatch({ kind: 'closed', why: departureFor(error) });
  }

  /** Refuses the client where `work` throws. */
  attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.refuse(asTandemError(error));
    }
  }

  /** Ends the session after its last message. */
  close(): void {
    this.state = { ...this.state, phase: 'closed' };
    this.saidAll = true;
    this.link.finish();
  }

  /** A few coded bytes may claim any shape, so sizes are bounded before anything is allocated. */
  private limitLink({ mostBytes }: SessionRules): void {
    if (mostBytes !== undefined) this.link.limitUnpacked?.(mostBytes);
  }

  private perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.send(effect.message);
      case 'refuse':
        this.link.refuse(effect.error);
        return this.owner.refused(this, effect.error);
      case 'admit':
        return this.owner.admit(this, effect.hello);
      case 'ready': {
        const { software } = effect.message;
        return this.owner.ready(this, software ? { ...effect.message, software: plainLine(software) } : effect.message);
      }
      case 'heard':
        return this.listener.heard(this, effect.message, effect.rows);
      case 'left':
        return void (this.departed = this.owner.left(this, effect.why));
    }
  }
}
