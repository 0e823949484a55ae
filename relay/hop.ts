import { Party, type PartyHandlers } from '../server/session/party.js';
import type { StepRequest } from '../server/session/session-state.js';
import { Deferred } from '../shared/deferred.js';
import type { Engine } from '../shared/engine/engine.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { noBytes, type ByteCounts } from '../shared/protocol/byte-meter.js';
import { Link } from '../shared/protocol/link.js';
import type { Message } from '../shared/protocol/messages.js';
import type { Transport } from '../shared/transport/transport.js';
import { MiddleParty } from './middle-party.js';
import { SplitModel } from './split-model.js';
import { initialUpstream, reduceUpstream, type UpstreamEffect, type UpstreamInput } from './upstream-reducer.js';

export interface HopOptions {
  readonly connect: () => Promise<Transport>;
  /** How many segments the relay keeps. */
  readonly keep: number;
  readonly engine: Engine;
  readonly onEvent: (event: HopEvent) => void;
}

export type HopEvent =
  | { readonly kind: 'joined'; readonly client: number; readonly samples: number; readonly engine: string }
  | { readonly kind: 'left'; readonly client: number | null; readonly reason: string };

/** Nothing is known of the client before the server has sent the model, and until then only its hello is taken. */
const NOTHING = { tensors: [], labels: [], maxRows: 0 };

/**
 * One client on its way through a relay: the server's session below, a client's session above, and the client's middle
 * between them. What comes from either side is done one after the other, in the order in which it came.
 */
export class Hop implements PartyHandlers {
  readonly party: Party;
  /** Whether the run it took part in has ended well. */
  finished = false;
  private up: Link | undefined;
  private greeted = false;
  /** Whether the server has ended the session, so that it need not be told. */
  private aboveIsOver = false;
  private upstream;
  private welcome: Message<'welcome'> | undefined;
  private model: SplitModel | undefined;
  private middle: MiddleParty | undefined;
  private refusal: TandemError | undefined;
  private withOptimizer = false;
  private ended = false;
  private busy: Promise<unknown> = Promise.resolve();
  private readonly over = new Deferred<undefined>();

  constructor(
    transport: Transport,
    private readonly options: HopOptions,
  ) {
    this.party = new Party(new Link(transport), { contract: NOTHING }, this);
    this.upstream = initialUpstream('train');
  }

  /** Carries messages until either side ends; resolves when all is freed. */
  async run(): Promise<void> {
    await this.party.listen();
    await this.over.promise;
  }

  get bytesAbove(): ByteCounts {
    return this.up?.meter.counts ?? noBytes;
  }

  /** Ends both sides with a reason. */
  fail(error: TandemError): void {
    this.party.refuse(error);
    this.end(error.message);
  }

  takeIn(intake: () => void): Promise<void> {
    intake();
    return Promise.resolve();
  }

  admit(_party: Party, hello: Message<'hello'>): void {
    if (this.greeted) {
      this.fail(new TandemError('BAD_STATE', "'hello' came twice"));
      return;
    }
    this.greeted = true;
    this.upstream = initialUpstream(hello.role);
    this.inTurn(async () => {
      const link = new Link(await this.options.connect());
      if (this.ended) {
        link.close();
        return;
      }
      this.up = link;
      void this.read(link);
      // What a relay holds of a client does not outlive their link, so the server is asked for a new session.
      const segments = hello.segments === null ? null : hello.segments + this.options.keep;
      await this.feed({ kind: 'send', message: { ...hello, resumes: false, segments } });
      this.party.engine = hello.engine;
    });
  }

  ready(party: Party, message: Message<'ready'>): void {
    if (party.client !== null) {
      const { client, engine } = party;
      this.options.onEvent({ kind: 'joined', client, samples: message.samples, engine });
    }
    this.pass(message);
  }

  step(party: Party, message: StepRequest, rows: number): void {
    // Whole models are not divided, so a relay has none of their clients.
    if (message.type === 'trained') return;
    this.inTurn(async () => {
      await this.feed({ kind: 'send', message: await this.middleHere.forward(message) });
      party.countStep(rows);
    });
  }

  bottom(_party: Party, message: Message<'bottom'>): void {
    this.inTurn(async () => {
      const own = await this.middleHere.contents(this.withOptimizer);
      await this.feed({ kind: 'send', message: this.modelHere.join(message, own) });
    });
  }

  query(_party: Party, message: Message<'query'>): void {
    this.inTurn(async () => this.feed({ kind: 'send', message: await this.middleHere.query(message) }));
  }

  gradient(_party: Party, message: Message<'topGradient'>): void {
    this.pass(message);
  }

  evaluated(_party: Party, message: Message<'evaluated'>): void {
    this.pass(message);
  }

  refused(_party: Party, error: TandemError): void {
    this.refusal = error;
  }

  left(_party: Party, reason: string): void {
    this.end(reason);
  }

  private pass(message: Message): void {
    this.inTurn(() => this.feed({ kind: 'send', message }));
  }

  private async read(link: Link): Promise<void> {
    try {
      for await (const message of link.messages()) {
        this.inTurn(() => this.feed({ kind: 'received', message }));
        // No more is read than is done with, so a server that floods fills its own link.
        await this.busy;
        if (this.ended) return;
      }
      throw new TandemError('LINK_LOST', 'the server closed the link before the run ended');
    } catch (error) {
      this.fail(asTandemError(error));
    }
  }

  private async feed(input: UpstreamInput): Promise<void> {
    const [state, effects] = reduceUpstream(this.upstream, input);
    this.upstream = state;
    for (const effect of effects) await this.perform(effect);
  }

  private async perform(effect: UpstreamEffect): Promise<void> {
    const { party } = this;
    switch (effect.kind) {
      case 'send':
        this.up?.send(effect.message);
        break;
      case 'welcome':
        this.welcome = effect.message;
        party.client = this.upstream.role === 'train' ? effect.message.client : null;
        party.send(effect.message);
        party.dispatch({ kind: 'accepted', role: this.upstream.role });
        break;
      case 'open-model':
        this.open(effect.message.payload);
        break;
      case 'load-bottom': {
        const { own, below } = this.modelHere.split(effect.message);
        await this.middleHere.load(own);
        party.send(below);
        break;
      }
      case 'train': {
        const { round, steps, withOptimizer } = effect.message;
        this.withOptimizer = withOptimizer;
        party.dispatch({ kind: 'train', round, steps, withOptimizer });
        break;
      }
      case 'pass-output':
        party.dispatch({ kind: 'forwarded', outputs: effect.message.tensors });
        break;
      case 'learn': {
        const cutGradient = await this.middleHere.backward(effect.message, effect.request);
        party.dispatch({ kind: 'applied', loss: effect.message.loss, cutGradient });
        await this.middleHere.update();
        break;
      }
      case 'release':
        party.release(effect.message.round);
        break;
      case 'evaluate':
        party.dispatch({ kind: 'evaluate', round: effect.message.round });
        break;
      case 'predicted':
        party.dispatch({ kind: 'predicted', message: effect.message });
        break;
      case 'finish':
        this.finished = this.aboveIsOver = true;
        party.send(effect.message);
        party.close();
        this.end('the run is over');
        break;
      case 'refused':
        this.aboveIsOver = true;
        this.fail(effect.error);
        break;
      case 'fail':
        this.fail(effect.error);
        break;
    }
  }

  private open(payload: Uint8Array): void {
    const { seed, client, batch: maxRows } = this.welcome ?? { seed: 0, client: 0, batch: 0 };
    this.model = SplitModel.open(payload, this.options.keep);
    this.middle = new MiddleParty(this.model.own, { engine: this.options.engine, seed, client, maxRows });
    this.party.dispatch({ kind: 'contracted', rules: this.model.contract(maxRows).rules });
    this.party.send(this.model.message);
  }

  /** One thing at a time; an error ends this client's way through the relay, and no other's. */
  private inTurn(work: () => Promise<void>): void {
    this.busy = this.busy
      .then(() => (this.ended ? undefined : work()))
      .catch((error: unknown) => this.fail(asTandemError(error)));
  }

  private end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.sayWhy(reason);
    this.options.onEvent({ kind: 'left', client: this.party.client, reason });
    void this.busy.then(() => {
      this.middle?.dispose();
      this.over.resolve(undefined);
    });
  }

  /** The server is told what the client would have told it. */
  private sayWhy(reason: string): void {
    const link = this.up;
    if (!link) return;
    if (!this.aboveIsOver) {
      link.refuse(this.refusal ?? new TandemError('LINK_LOST', `the client of a relay left: ${reason}`));
    }
    link.close();
  }

  private get middleHere(): MiddleParty {
    if (!this.middle) throw new TandemError('BAD_STATE', 'the server asked for work before the model');
    return this.middle;
  }

  private get modelHere(): SplitModel {
    if (!this.model) throw new TandemError('BAD_STATE', 'weights came before the model');
    return this.model;
  }
}
