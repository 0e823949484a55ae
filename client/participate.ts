import type { IdentifiedData } from '../shared/data/row-ids.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { ByteCounts } from '../shared/protocol/byte-meter.js';
import type { Message } from '../shared/protocol/messages.js';
import { LastingLink } from '../shared/session/lasting-link.js';
import type { Transport } from '../shared/transport/transport.js';
import { stepByStep, type Pace } from '../shared/protocol/pace.js';
import { BottomParty } from './bottom-party.js';
import { CommonRows } from './common-rows.js';
import { Inbox } from './inbox.js';
import { openParty } from './open-party.js';
import { ownWork, type OwnWork } from './own-work.js';
import { Reconnect, type ReconnectOptions } from './reconnect.js';
import { reduceSession } from './session-reducer.js';
import { initialSession, type SessionEffect, type SessionInput } from './session-state.js';
import { TrainingData, type DataOptions } from './training-data.js';
import { WholeParty } from './whole-party.js';

export interface ParticipateOptions extends DataOptions {
  readonly transport: Transport;
  readonly data: IdentifiedData;
  readonly engine: Engine;
  /** How to come back when the link is lost; without it, that ends the run for this client. */
  readonly reconnect?: ReconnectOptions | undefined;
  readonly heartbeatSeconds?: number | undefined;
  /** How many segments of the model this client holds, from the bottom up; by default as many as the topology gives it. */
  readonly segments?: number;
  /** Vertical: which party of the run this is. */
  readonly party?: PartyName;
  /** Vertical: whether the rows are in the order of all other parties' already. */
  readonly aligned?: boolean;
}

const HEARTBEAT_SECONDS = 15;

/** `active` has the labels; passive parties have features only, and are numbered from 0. */
export type PartyName = 'active' | number;

/** One finished step, as the client sees it. */
export interface JoinStep {
  readonly run: string;
  readonly client: number;
  readonly step: number;
  readonly loss: number;
  readonly samples: number;
  /** All bytes of this client so far. */
  readonly bytes: ByteCounts;
}

/** What the client learned about the whole run at its end, and all bytes of its own. */
export interface RunOutcome extends Pick<Message<'finished'>, 'steps' | 'samples' | 'testAccuracy' | 'testLoss'> {
  readonly bytes: ByteCounts;
}

/**
 * Takes part in a run until it ends, step by step: yields after each of this client's own updates, returns what the
 * server reports at the end. Leaving the loop early says goodbye to the server. Throws the server's refusal, LINK_LOST,
 * or BAD_SHAPE and BAD_LABEL when the data do not fit the run.
 */
export async function* participate(options: ParticipateOptions): AsyncGenerator<JoinStep, RunOutcome> {
  const participant = new Participant(options);
  try {
    return yield* participant.run();
  } finally {
    participant.dispose();
  }
}

/** The shell around the client's session: carries messages to the reducer and performs what it answers. */
class Participant {
  private readonly link: LastingLink;
  private readonly reconnect: Reconnect | undefined;
  private state;
  private data: TrainingData | undefined;
  private party: BottomParty | WholeParty | undefined;
  /** Of a party of a vertical run. */
  private rows: CommonRows | undefined;
  private pace: Pace = stepByStep;
  private ended = false;

  constructor(private readonly options: ParticipateOptions) {
    const { transport, place, party, engine, segments = null } = options;
    this.reconnect = options.reconnect && new Reconnect(options.reconnect);
    this.link = this.openLink(transport);
    this.state = initialSession({
      type: 'hello',
      role: 'train',
      shard: place ? [...place] : null,
      party: party === undefined ? null : String(party),
      engine: engine.label,
      resumes: this.reconnect !== undefined,
      segments,
    });
  }

  async *run(): AsyncGenerator<JoinStep, RunOutcome> {
    yield* this.dispatch({ kind: 'opened' });
    const inbox = new Inbox(this.link.messages());
    for (;;) {
      const own = ownWork(this.state);
      if (own && !(await inbox.isFilled())) {
        yield* this.work(own);
        continue;
      }
      const message = await inbox.take();
      if (!message) throw new TandemError('LINK_LOST', 'the server closed the link before the run ended');
      this.link.took();
      const outcome = yield* this.dispatch({ kind: 'received', message });
      if (outcome) {
        this.ended = true;
        return { ...outcome, bytes: this.link.meter.counts };
      }
    }
  }

  dispose(): void {
    this.reconnect?.stop();
    if (!this.ended) this.goodbye();
    this.link.close();
    this.party?.dispose();
  }

  private openLink(transport: Transport): LastingLink {
    const { reconnect } = this;
    const link: LastingLink = new LastingLink({
      ...(reconnect ? { clock: reconnect.clock } : {}),
      heartbeatSeconds: this.options.heartbeatSeconds ?? HEARTBEAT_SECONDS,
      lost: () => reconnect?.lost(link),
      back: () => reconnect?.back(),
    });
    return link.attach(transport);
  }

  /** Hands the input to the reducer, and what comes of its effects after it. Answers how the run went, once it is over. */
  private async *dispatch(first: SessionInput): AsyncGenerator<JoinStep, Message<'finished'> | undefined> {
    const inputs = [first];
    for (let input = inputs.shift(); input; input = inputs.shift()) {
      const [state, effects] = reduceSession(this.state, input);
      this.state = state;
      for (const effect of effects) {
        if (effect.kind === 'finish') return effect.message;
        const next = yield* this.perform(effect);
        if (next) inputs.push(next);
      }
    }
    return undefined;
  }

  private async *perform(
    effect: Exclude<SessionEffect, { kind: 'finish' }>,
  ): AsyncGenerator<JoinStep, SessionInput | void> {
    switch (effect.kind) {
      case 'send':
        this.link.send(effect.message);
        return;
      case 'open-model':
        return this.open(effect.payload);
      case 'align':
        if (!this.rows) throw new TandemError('BAD_STATE', 'the server matches rows in a run that has no parties');
        this.link.send(await this.rows.answer(effect.message));
        return this.ready();
      case 'load-bottom':
        return this.held.load(effect.message);
      case 'smash':
        return { kind: 'smashed', message: await this.bottom.smash(await this.batches.take(effect.step), effect.step) };
      case 'load-ahead':
        return this.batches.loadAhead(effect.step);
      case 'judge':
        return { kind: 'judged', message: await this.bottom.judge(effect.message) };
      case 'update-top':
        return this.bottom.updateTop();
      case 'learn': {
        await this.bottom.learn(effect.message);
        const { step, loss } = effect.message;
        yield this.report(step, loss, effect.samples);
        return { kind: 'learned' };
      }
      case 'upload':
        return { kind: 'bottom', message: await this.held.upload(effect.round, effect.withOptimizer) };
      case 'query': {
        const { batch } = effect;
        return { kind: 'query', message: await this.bottom.query(await this.batches.testBatch(batch), batch) };
      }
      case 'score': {
        if (effect.first) this.bottom.beginScores();
        return { kind: 'scored', scores: await this.bottom.score(effect.message) };
      }
      case 'fail':
        this.ended = true;
        throw effect.error;
    }
  }

  /** Goes on without waiting for the server. */
  private async *work(own: OwnWork): AsyncGenerator<JoinStep> {
    if (own.kind === 'examine') {
      if (own.batch === 0) this.whole.beginScores();
      const scores = await this.whole.examine(await this.batches.testBatch(own.batch));
      yield* this.dispatch({ kind: 'scored', scores });
      return;
    }
    const { step, aligned } = own;
    const batch = await this.batches.take(step);
    this.batches.loadAhead(step + 1);
    const { message, loss } = await this.held.practise(batch, step, aligned);
    yield* this.dispatch({ kind: 'practised', message });
    // What an aligned step has learned is known when the server has answered it.
    if (!aligned) yield this.report(step, loss, batch.inputs[0]?.shape[0] ?? 0);
  }

  private async open(payload: Uint8Array): Promise<SessionInput | undefined> {
    const { options, welcome } = this;
    const { seed, client, batch: maxRows } = welcome;
    const { party, pace } = openParty(payload, options.engine, { seed, client, maxRows });
    this.party = party;
    this.pace = pace;
    this.data = await TrainingData.open(options.data, welcome, options, (batch) => party.check(batch));
    const joint = party instanceof BottomParty ? party.joint : undefined;
    if (joint) this.rows = await CommonRows.open(options.data, { here: options.aligned ?? false, run: joint.aligned });
    return this.ready();
  }

  /** What to tell the session once it is known which rows are used; undefined as long as a vertical run matches them. */
  private async ready(): Promise<SessionInput | undefined> {
    const { held, options, welcome } = this;
    if (this.rows) {
      const { data } = this.rows;
      if (!data) return undefined;
      // All parties of a vertical run shuffle alike.
      const limit = options.limit ?? welcome.limit ?? undefined;
      const own = limit === undefined ? {} : { limit };
      this.data = await TrainingData.open(data, { ...welcome, client: 0 }, own, (batch) => held.check(batch));
    }
    return { kind: 'model-opened', ...this.batches.sizes, holds: held.holds, pace: this.pace };
  }

  private report(step: number, loss: number, samples: number): JoinStep {
    const { run, client } = this.welcome;
    return { run, client, step, loss, samples, bytes: this.link.meter.counts };
  }

  private goodbye(): void {
    try {
      this.link.send({ type: 'bye' });
    } catch {
      // The link is gone, which the server will notice by itself.
    }
  }

  private get welcome(): Message<'welcome'> {
    if (!this.state.welcome) throw new TandemError('BAD_STATE', 'the server sent work before its welcome');
    return this.state.welcome;
  }

  private get batches(): TrainingData {
    if (!this.data) throw new TandemError('BAD_STATE', 'the server sent work before the model');
    return this.data;
  }

  private get held(): BottomParty | WholeParty {
    if (!this.party) throw new TandemError('BAD_STATE', 'the server sent work before the model');
    return this.party;
  }

  private get bottom(): BottomParty {
    if (!(this.held instanceof BottomParty))
      throw new TandemError('BAD_STATE', 'the whole model is here, there is no cut');
    return this.held;
  }

  private get whole(): WholeParty {
    if (!(this.held instanceof WholeParty)) throw new TandemError('BAD_STATE', 'the whole model is not here');
    return this.held;
  }
}
