import { ClientCheckpoints, type ClientSnapshot } from './checkpoints.js';
import { crashPoint } from '../shared/crash-point.js';
import { forPeer, TandemError } from '../shared/errors.js';
import type { Message } from '../shared/protocol/messages.js';
import type { LastingLink } from '../shared/session/lasting-link.js';
import { LastGiven } from './break-down.js';
import { farewell, leaveFor, whyGone } from './farewell.js';
import type { LostSession } from './fresh-start.js';
import { helloToTrain } from './hello.js';
import { Inbox } from './inbox.js';
import { openLink } from './open-link.js';
import { OpenedPart } from './opened-part.js';
import { ownWork, type OwnWork } from './own-work.js';
import type { JoinStep, ParticipateOptions, RunOutcome } from './participate-options.js';
import { Reconnect } from './reconnect.js';
import { learnsAlone, reduceSession } from './session-reducer.js';
import { initialSession, type SessionEffect, type SessionInput } from './session-state.js';
import { Tally } from './tally.js';

/** A training client: hands messages to the session's reducer and performs its effects. */
export class Participant implements LostSession {
  private readonly link: LastingLink;
  private readonly reconnect: Reconnect | undefined;
  private state;
  private part: OpenedPart | undefined;
  private ended = false;
  /** After leaving on purpose: resolves when the server knows. */
  private left: Promise<void> | undefined;
  private readonly given = new LastGiven();
  private readonly tally: Tally;
  private readonly checkpoints: ClientCheckpoints | undefined;

  constructor(
    private readonly options: ParticipateOptions,
    private readonly restored: ClientSnapshot | undefined,
  ) {
    const { transport } = options;
    this.reconnect = options.reconnect && new Reconnect(options.reconnect);
    this.checkpoints = options.checkpoints && new ClientCheckpoints(options.checkpoints, restored);
    this.link = openLink(transport, this.reconnect, options, restored, this.checkpoints?.ask);
    this.tally = new Tally(this.link.meter, restored?.spent);
    this.state = initialSession(helloToTrain(options));
    options.leave?.addEventListener('abort', this.leave, { once: true });
    if (options.leave?.aborted) this.leave();
  }

  async *run(): AsyncGenerator<JoinStep, RunOutcome> {
    if (this.restored) yield* this.goOn(this.restored);
    else yield* this.dispatch({ kind: 'opened' });
    const inbox = new Inbox(this.link.messages());
    for (;;) {
      const own = ownWork(this.state);
      if (own && !(await inbox.isFilled())) {
        yield* this.work(own);
        continue;
      }
      if (this.state.phase === 'waiting') await this.checkpoints?.whileEmpty(inbox, () => this.checkpoint());
      const message = await inbox.take();
      if (!message) throw new TandemError('LINK_LOST', 'the server closed the link before the run ended');
      this.link.took();
      crashPoint('client.received', this.place);
      this.given.note(message);
      const outcome = yield* this.dispatch({ kind: 'received', message });
      if (outcome) {
        await this.checkpoints?.end(await this.snapshot());
        this.ended = true;
        await farewell(this.link, inbox, this.reconnect);
        return { ...outcome, ...this.tally.spent };
      }
    }
  }

  private readonly leave = (): void => {
    this.ended = true;
    this.left ??= leaveFor(this.link, this.reconnect);
  };

  /** Tells the server why this client fails, unless it knows. Returns the error to show. */
  async fail(error: TandemError): Promise<TandemError> {
    const isKnown = this.ended;
    this.ended = true;
    await this.left;
    if (!isKnown) await whyGone(this.link, forPeer(error), this.reconnect);
    return this.given.explain(error, this.state);
  }

  /** Ends without a goodbye: another participant goes on with the session. */
  stepAside(): void {
    this.ended = true;
  }

  async dispose(): Promise<void> {
    this.options.leave?.removeEventListener('abort', this.leave);
    if (!this.ended) this.leave();
    await this.left;
    this.reconnect?.stop();
    this.link.close();
    this.part?.dispose();
  }

  /** Whether this client's checkpoint needs messages that the server has lost in a crash. */
  isTooNew({ code }: TandemError): boolean {
    return this.restored !== undefined && !this.ended && code === 'SESSION_LOST';
  }

  canStartOver({ code }: TandemError): boolean {
    if (this.state.work !== null) return false;
    return code === 'SESSION_LOST' || (code === 'LINK_LOST' && !this.isWelcome);
  }

  get isWelcome(): boolean {
    return this.link.session !== '';
  }

  /** Goes on from a checkpoint: with the step that was next, if there was one. */
  private async *goOn({ state, model, segments }: ClientSnapshot): AsyncGenerator<JoinStep> {
    this.state = state;
    if (model) await this.open(model);
    if (segments) await this.opened.trainer.restore(segments);
    // A client that learns by itself finds its next step without this.
    if (state.phase !== 'training' || learnsAlone(state)) return;
    yield* this.follow([{ kind: 'smash', step: state.step + 1 }]);
  }

  /** Writes a checkpoint if one is due. Called where no step is half done. */
  private async checkpoint(): Promise<void> {
    if (!this.checkpoints || !this.link.session) return;
    // Not before the blinding secret is made: a checkpoint without it would be useless once points were sent.
    if (this.options.party !== undefined && !this.options.aligned && !this.part) return;
    do {
      if (!this.checkpoints.isDue(this.state, this.link)) continue;
      const snapshot = await this.snapshot();
      crashPoint('client.snapshot', this.welcome.client);
      await this.checkpoints.write(snapshot, this.link);
    } while (!this.ended && (await this.checkpoints.untilRoom(this.link)));
  }

  private async snapshot(): Promise<ClientSnapshot> {
    const { state, link, part } = this;
    const [model, rows] = [part?.model ?? null, part?.data.snapshot() ?? null];
    const { session, durable: stored } = link;
    const about = { session, state, model, rows, stored, over: false, spent: this.tally.spent };
    return { ...about, delivery: link.shortSnapshot(), segments: (await part?.trainer.snapshot()) ?? null };
  }

  /** Gives the reducer an event, and those that its effects bring. Returns `finished` once the run is over. */
  private async *dispatch(first: SessionInput): AsyncGenerator<JoinStep, Message<'finished'> | undefined> {
    const [state, effects] = reduceSession(this.state, first);
    this.state = state;
    return yield* this.follow(effects);
  }

  private async *follow(first: readonly SessionEffect[]): AsyncGenerator<JoinStep, Message<'finished'> | undefined> {
    const inputs: SessionInput[] = [];
    for (let effects = first; ;) {
      for (const effect of effects) {
        if (effect.kind === 'finish') return effect.message;
        const next = yield* this.perform(effect);
        if (next) inputs.push(next);
      }
      const input = inputs.shift();
      if (!input) return undefined;
      [this.state, effects] = reduceSession(this.state, input);
    }
  }

  private async *perform(
    effect: Exclude<SessionEffect, { kind: 'finish' }>,
  ): AsyncGenerator<JoinStep, SessionInput | void> {
    switch (effect.kind) {
      case 'send':
        crashPoint('client.before-send', this.place);
        this.link.send(effect.message);
        crashPoint('client.after-send', this.place);
        return;
      case 'open-model':
        return this.open(effect.payload);
      case 'align':
        this.link.send(await this.opened.data.answer(effect.message));
        return this.opened.ready(this.options.software);
      case 'load-bottom':
        return this.opened.trainer.load(effect.message);
      case 'smash': {
        await this.checkpoint();
        const { bottom, batches } = this.opened;
        return { kind: 'smashed', message: await bottom.smash(await batches.take(effect.step), effect.step) };
      }
      case 'load-ahead':
        return this.opened.batches.loadAhead(effect.step);
      case 'judge':
        return { kind: 'judged', message: await this.opened.bottom.judge(effect.message) };
      case 'learn': {
        await this.opened.bottom.learn(effect.message);
        crashPoint('client.after-learn', this.welcome.client);
        const { step, loss } = effect.message;
        yield this.report(step, loss, effect.samples);
        return { kind: 'learned' };
      }
      case 'upload':
        return { kind: 'bottom', message: await this.opened.trainer.upload(effect.round, effect.withOptimizer) };
      case 'query':
        return { kind: 'query', message: await this.opened.query(effect.batch, effect.toPredict) };
      case 'tested':
        return this.opened.batches.tested(effect.batches);
      case 'score': {
        if (effect.first) this.opened.bottom.beginScores();
        return { kind: 'scored', scores: await this.opened.bottom.score(effect.message) };
      }
      case 'keep':
        await this.opened.keep(effect.message);
        return { kind: 'kept' };
      case 'give-predictions':
        return this.opened.givePredictions();
      case 'fail':
        this.ended = true;
        throw effect.error;
    }
  }

  /** Does a piece of work that needs no message of the server. */
  private async *work(own: OwnWork): AsyncGenerator<JoinStep> {
    const { opened } = this;
    const { batches } = opened;
    if (own.kind === 'examine') {
      if (own.batch === 0) opened.whole.beginScores();
      const scores = await opened.whole.examine(await batches.testBatch(own.batch));
      return void (yield* this.dispatch({ kind: 'scored', scores }));
    }
    await this.checkpoint();
    const { step } = own;
    const batch = await (own.kind === 'pass' ? batches.inOrder(own.batch) : batches.takeAhead(step));
    const { message, loss } =
      own.kind === 'pass'
        ? await opened.bottom.smashForPool(batch, step)
        : await opened.trainer.practise(batch, step, own);
    crashPoint('client.after-practise', this.place);
    yield* this.dispatch({ kind: 'practised', message });
    // An aligned step is reported when its cut gradient has come.
    if (own.kind === 'pass' || !own.aligned) yield this.report(step, loss, batch.inputs[0]?.shape[0] ?? 0);
  }

  private async open(payload: Uint8Array): Promise<SessionInput | undefined> {
    const { options, tally, restored } = this;
    if (this.part) throw new TandemError('BAD_STATE', 'the server sent a second model');
    const counted = { ...options, ...tally.counted(options) };
    this.part = await OpenedPart.open(payload, this.welcome, counted, restored?.rows);
    return this.part.ready(options.software);
  }

  private report(step: number, loss: number, samples: number): JoinStep {
    const { run, client } = this.welcome;
    return { run, client, step, loss, samples, ...this.tally.add(samples) };
  }

  /** The client's number; before the welcome, the place it asks for. */
  private get place(): number {
    return this.state.welcome?.client ?? this.options.place?.[0] ?? 0;
  }

  private get welcome(): Message<'welcome'> {
    if (!this.state.welcome) throw new TandemError('BAD_STATE', 'the server sent work before its welcome');
    return this.state.welcome;
  }

  private get opened(): OpenedPart {
    if (!this.part) throw new TandemError('BAD_STATE', 'the server sent work before the model');
    return this.part;
  }
}
