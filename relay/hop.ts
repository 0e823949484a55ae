import type { LinkNews } from '../client/link-news.js';
import { connectPatiently } from '../client/reconnect.js';
import { ClientSession, type Listener, type SessionOwner } from '../server/session/client-session.js';
import type { Heard } from '../server/session/session-state.js';
import { Deferred } from '../shared/deferred.js';
import { departureFor } from '../server/session/departures.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import type { Departure, RunEvent } from '../shared/events.js';
import { plainLine } from '../shared/plain-line.js';
import { noBytes, type ByteCounts } from '../shared/protocol/byte-meter.js';
import { knownOf } from '../shared/protocol/capabilities.js';
import type { Message } from '../shared/protocol/messages.js';
import type { Transport } from '../shared/transport/transport.js';
import type { HopOptions } from './hop-options.js';
import { MiddleTrainer } from './middle-trainer.js';
import { SplitModel } from './split-model.js';
import { initialUpstream, reduceUpstream, type UpstreamEffect, type UpstreamInput } from './upstream-reducer.js';
import { UpstreamSession } from './upstream-session.js';

/** Until the server has sent the model, only the client's hello is taken. */
const NOTHING = { tensors: [], labels: [], maxRows: 0 };

/**
 * One client's hop through a relay: a session as a server has it, towards the client; a session as a client has it, towards the server; and
 * the client's middle between the two. Messages from both sides are handled one at a time, in the order of arrival.
 */
export class Hop implements SessionOwner, Listener {
  readonly session: ClientSession;
  private readonly options: HopOptions;
  /** Whether the run has ended well. */
  finished = false;
  /** Whether the client has said hello. */
  greeted = false;
  private up: UpstreamSession | undefined;
  private resumes = false;
  private joined = false;
  /** Whether the server has ended its session. */
  private aboveIsOver = false;
  private upstream;
  private welcome: Message<'welcome'> | undefined;
  private model: SplitModel | undefined;
  private middle: MiddleTrainer | undefined;
  private refusal: TandemError | undefined;
  private withOptimizer = false;
  private ended = false;
  private busy: Promise<void> = Promise.resolve();
  private readonly over = new Deferred<undefined>();

  constructor(transport: Transport, options: HopOptions) {
    const onNews = (news: LinkNews) => options.host.linkNews(this.session.client, news);
    this.options = { ...options, reconnect: { ...options.reconnect, onNews } };
    this.session = new ClientSession(options.links.open(transport), { contract: NOTHING }, this, this);
    this.upstream = initialUpstream('train');
  }

  /** Carries messages until either side ends; resolves when all is freed. */
  async run(): Promise<void> {
    await this.session.listen();
    await this.over.promise;
    this.options.links.forget(this.session.id);
    await this.up?.gone;
  }

  get bytesAbove(): ByteCounts {
    return this.up?.bytes ?? noBytes;
  }

  /** Ends both sides with a reason. */
  fail(error: TandemError): void {
    this.session.refuse(error);
    this.end(departureFor(error));
  }

  failed(error: TandemError): void {
    this.fail(error);
  }

  admit(_session: ClientSession, hello: Message<'hello'>): void {
    if (this.greeted) {
      this.fail(new TandemError('BAD_STATE', "'hello' came twice"));
      return;
    }
    const { host, reconnect, keep } = this.options;
    try {
      host.greet();
    } catch (error) {
      this.fail(asTandemError(error));
      return;
    }
    this.greeted = true;
    this.resumes = hello.resumes;
    this.upstream = initialUpstream(hello.role);
    void this.inTurn(async () => {
      const transport = await connectPatiently({ ...reconnect, connect: (address) => this.connect(address) }, 'known');
      this.up = new UpstreamSession(transport, this.options, {
        received: (message) => this.inTurn(() => this.feed({ kind: 'received', message })),
        failed: (error) => this.fail(error),
      });
      // Towards the server the session can always be resumed, even if the client cannot.
      const segments = hello.segments === null ? null : hello.segments + keep;
      const capabilities = knownOf(hello.capabilities);
      await this.feed({ kind: 'send', message: { ...hello, resumes: true, segments, capabilities } });
      this.session.engine = plainLine(hello.engine);
    });
  }

  ready(session: ClientSession, message: Message<'ready'>): void {
    if (session.client !== null) {
      const { client, engine } = session;
      this.joined = true;
      this.options.host.emit({
        kind: 'client-joined',
        client,
        samples: message.samples,
        engine,
        software: message.software ?? null,
      });
    }
    this.pass(message);
  }

  heard(session: ClientSession, message: Heard, rows: number): void {
    switch (message.type) {
      case 'smashed':
        return this.send(async () => {
          const smashed = await this.middleHere.forward(message);
          session.countStep(rows);
          return smashed;
        });
      case 'bottom':
        return this.send(async () => this.modelHere.join(message, await this.middleHere.contents(this.withOptimizer)));
      case 'query':
        return this.send(() => this.middleHere.query(message));
      case 'topGradient':
      case 'evaluated':
        return this.pass(message);
      default:
        // Relays pass on neither whole models nor the matching of rows.
        session.refuse(new TandemError('BAD_STATE', `'${message.type}' came to a relay`));
    }
  }

  readonly emit = (event: RunEvent): void => this.options.host.emit(event);

  refused({ client }: ClientSession, error: TandemError): void {
    this.refusal = error;
    this.options.host.emit({ kind: 'refused', client, code: error.code, reason: error.message });
  }

  left(_session: ClientSession, why: Departure): void {
    this.end(why);
  }

  private pass(message: Message): void {
    this.send(() => Promise.resolve(message));
  }

  /** Sends a message to the server once it is computed. */
  private send(make: () => Promise<Message>): void {
    void this.inTurn(async () => this.feed({ kind: 'send', message: await make() }));
  }

  private async feed(input: UpstreamInput): Promise<void> {
    const [state, effects] = reduceUpstream(this.upstream, input);
    this.upstream = state;
    for (const effect of effects) await this.perform(effect);
  }

  private async perform(effect: UpstreamEffect): Promise<void> {
    const { session } = this;
    switch (effect.kind) {
      case 'send':
        this.up?.send(effect.message);
        break;
      case 'welcome':
        this.letIn(effect.message);
        break;
      case 'open-model':
        this.open(effect.message.payload);
        break;
      case 'load-bottom': {
        const { own, below } = this.modelHere.split(effect.message);
        await this.middleHere.load(own);
        session.dispatch({ kind: 'weights', message: below });
        break;
      }
      case 'train': {
        const { round, steps, withOptimizer } = effect.message;
        this.withOptimizer = withOptimizer;
        session.dispatch({ kind: 'train', round, steps, withOptimizer });
        break;
      }
      case 'pass-output':
        session.dispatch({ kind: 'forwarded', outputs: effect.message.tensors });
        break;
      case 'learn': {
        const cutGradient = await this.middleHere.backward(effect.message, effect.request);
        session.dispatch({ kind: 'applied', loss: effect.message.loss, cutGradient });
        await this.middleHere.update();
        this.options.host.stepped(session.client ?? 0, effect.message.loss, effect.request.tensors[0]?.shape[0] ?? 0);
        break;
      }
      case 'release':
        session.release(effect.message.round);
        break;
      case 'evaluate':
        session.dispatch({ kind: 'evaluate', round: effect.message.round, ahead: effect.message.ahead ?? 1 });
        break;
      case 'predicted':
        session.dispatch({ kind: 'predicted', message: effect.message });
        break;
      case 'finish':
        this.finished = this.aboveIsOver = true;
        session.send(effect.message);
        session.close();
        this.up?.farewell();
        this.end({ code: null, reason: 'the run is over' });
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

  /** A link to the server, unless the client has left meanwhile. */
  private async connect(address: string | null): Promise<Transport> {
    const transport = this.ended ? undefined : await this.options.reconnect.connect(address);
    if (transport && !this.ended) return transport;
    transport?.close();
    throw new TandemError('CANCELLED', 'the client has left');
  }

  /** Passes the server's `welcome` on, with the id of the client's own session. */
  private letIn(welcome: Message<'welcome'>): void {
    const { session, upstream, options } = this;
    this.welcome = welcome;
    session.client = upstream.role === 'train' ? welcome.client : null;
    const grace = this.resumes && session.client !== null ? options.links.graceSeconds : 0;
    session.id = crypto.randomUUID();
    session.send({ ...welcome, session: session.id, grace, capabilities: this.up?.agreed ?? [] });
    if (grace > 0) options.links.keep(session.id, session.link);
    session.dispatch({ kind: 'accepted', role: upstream.role });
  }

  private open(payload: Uint8Array): void {
    const { seed, client, batch: maxRows } = this.welcome ?? { seed: 0, client: 0, batch: 0 };
    this.model = SplitModel.open(payload, this.options.keep);
    this.middle = new MiddleTrainer(this.model.own, { engine: this.options.engine, seed, client, maxRows });
    this.session.dispatch({ kind: 'contracted', rules: this.model.contract(maxRows).rules });
    this.session.send(this.model.message);
  }

  /** Does one thing at a time. An error ends this hop and no other. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    return (this.busy = this.busy
      .then(() => (this.ended ? undefined : work()))
      .catch((error: unknown) => this.fail(asTandemError(error))));
  }

  private end(why: Departure): void {
    if (this.ended) return;
    this.ended = true;
    this.sayWhy(why);
    const { client } = this.session;
    if (this.joined && !this.finished && client !== null) {
      this.emit({ kind: 'client-left', client, ...why });
    }
    void this.busy.then(() => {
      this.middle?.dispose();
      this.over.resolve(undefined);
    });
  }

  /** Tells the server what the client would have told it. */
  private sayWhy({ code, reason }: Departure): void {
    if (this.finished) return;
    if (this.aboveIsOver) this.up?.close();
    else if (this.refusal) this.up?.close(this.refusal);
    else if (code === null) this.up?.leave();
    else this.up?.close(new TandemError(code, `the client of a relay failed: ${reason}`));
  }

  private get middleHere(): MiddleTrainer {
    if (!this.middle) throw new TandemError('BAD_STATE', 'the server asked for work before the model');
    return this.middle;
  }

  private get modelHere(): SplitModel {
    if (!this.model) throw new TandemError('BAD_STATE', 'weights came before the model');
    return this.model;
  }
}
