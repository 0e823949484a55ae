import { participate } from '../../../client/participate.js';
import { predictOver } from '../../../client/predict.js';
import { RelayHost } from '../../../relay/relay-host.js';
import { createHost } from '../../../server/create-host.js';
import type { Host } from '../../../server/host.js';
import type { RunResult } from '../../../server/run/summarise.js';
import { resolveRun } from '../../../shared/config.js';
import { dealColumns } from '../../../shared/data/party-data.js';
import type { IdentifiedData } from '../../../shared/data/row-ids.js';
import type { Engine } from '../../../shared/engine/engine.js';
import { asTandemError, TandemError } from '../../../shared/errors.js';
import type { RunEvent } from '../../../shared/events.js';
import { areFinite } from '../../../shared/ndarray.js';
import { Link } from '../../../shared/protocol/link.js';
import { loopbackPair } from '../../../shared/transport/loopback.js';
import type { Transport } from '../../../shared/transport/transport.js';
import { hello } from '../hello.js';
import { LyingTransport } from './lying-transport.js';
import type { Role, Scene } from './scene.js';
import { partiesWidths, smallData } from './small-tasks.js';
import { Counted } from './counted-transport.js';
import type { WorldClock } from './world-clock.js';

const [SAMPLES, TEST_SAMPLES] = [24, 9];
/** Who lies and was put out comes back so many times. */
const RETURNS = 4;
/** Whoever finds no place asks again, as a person would. */
const ASK_AGAIN_SECONDS = 4;
const MOST_ASKING = 12;
const LIAR: Role = { lies: true, party: undefined, lying: 'client', isSpare: false };

/** How somebody's part in a run ended: `finished`, `asked`, or the line of an error. */
export interface Ending {
  readonly role: Role;
  /** Its place, as the server told it. */
  readonly client: number | undefined;
  readonly how: string;
  readonly code: string | undefined;
}

/** A server, perhaps a relay, and clients, in one process. */
export class World {
  readonly events: RunEvent[] = [];
  private readonly liars: LyingTransport[] = [];
  private host: Host | undefined;
  private relay: RelayHost | undefined;
  private links = 0;
  private ended = false;
  private going = 0;
  private readonly turnedAway = new Set<number>();

  constructor(
    private readonly seed: string,
    private readonly scene: Scene,
    private readonly engine: Engine,
    private readonly clock: WorldClock,
  ) {}

  /** Plays the run to its end. Answers how it went for the server, and for each that took part. */
  async play(): Promise<{ readonly result: RunResult | TandemError; readonly endings: readonly Ending[] }> {
    const { task, options, graceSeconds, roles, asks, asksOddly } = this.scene;
    const { clock, engine } = this;
    const onEvent = (event: RunEvent) => void this.events.push(event);
    const settings = resolveRun(task, options);
    this.host = await createHost({ task, settings, engine, transport: 'loopback', clock, graceSeconds, onEvent });
    const { host } = this;
    if (options.topology === 'multi-hop') {
      const reconnect = { clock, random: () => 0.5 };
      this.relay = await RelayHost.open({ connect: () => this.reach(host), engine, graceSeconds, reconnect, onEvent });
    }
    const result = host.finished.catch((error: unknown) => asTandemError(error)).finally(() => (this.ended = true));
    if (this.scene.isSquatted) await this.squat(host);
    const data = this.deal();
    const parts = roles.map((role, i) => this.takePart(role, i, data[i] ?? data[0]));
    const honest: Promise<Ending>[] = parts.filter((_, i) => !roles[i]?.lies);
    if (asks) honest.push(this.ask(false));
    this.going = honest.length;
    honest.forEach((part) => void part.then(() => this.going--));
    if (asksOddly) parts.push(this.ask(true));
    const endings = [...(await Promise.all(honest))];
    const came = await result;
    this.close();
    const liars = parts.flatMap((part, i) => (roles[i]?.lies === false ? [] : [this.within(part, roles[i])]));
    return { result: came, endings: [...endings, ...(await Promise.all(liars))] };
  }

  close(): void {
    const over = new TandemError('CANCELLED', 'the world ends');
    this.host?.close(over);
    this.relay?.close(over);
  }

  /** Who lies may go on looking for the server. */
  private within(part: Promise<Ending>, role: Role = LIAR): Promise<Ending> {
    const late = { role, client: undefined, how: 'looked for the server', code: 'LINK_LOST' };
    return Promise.race([part, this.clock.pause(20).then(() => late)]);
  }

  /** What the liars lied about, for people who look into a seed. */
  get habits(): string[] {
    return this.liars.map(({ habits }) => habits);
  }

  /** Of a run that does not end: who is still in it. */
  get standing(): string {
    const told = this.events.slice(-3).map((event) => JSON.stringify(event).slice(0, 200));
    return `the server has ${this.ended ? '' : 'not '}ended, ${this.going} honest clients go on; ${told.join('; ')}`;
  }

  /** Says hello for each place, and nothing else. */
  private async squat(host: Host): Promise<void> {
    const { roles, options } = this.scene;
    const parties = roles.filter(({ isSpare }) => !isSpare).map(({ party }) => party);
    for (const party of parties) {
      const link = new Link(await this.reach(host));
      link.send({ ...hello('train'), party: options.schedule === 'joint' ? String(party) : null });
      void (async () => {
        for await (const _ of link.messages());
      })().catch(() => undefined);
    }
    await this.clock.pause(0.1);
  }

  private deal(): IdentifiedData[] {
    const { roles, options } = this.scene;
    if (options.schedule !== 'joint')
      return roles.map((_, i) => smallData(`${this.seed}/${i}`, SAMPLES - 5 * i, TEST_SAMPLES - i));
    const data = smallData(this.seed, SAMPLES, TEST_SAMPLES, partiesWidths);
    const places = partiesWidths.map((_, i) => i);
    const last = (options.clients ?? 1) - 1;
    const inputs = places.slice(0, last + 1).map((_, i) => (i < last ? [i] : places.slice(last)));
    if (inputs.length === last) inputs.push([]);
    const missing = options.aligned ? {} : { missing: 0.1 };
    const dealt = dealColumns(data, { inputs, seed: 1, ...missing });
    return roles.flatMap(({ party }) => dealt[party === 'active' ? last : (party ?? 0)] ?? []);
  }

  /** A link to the server, or to the relay. */
  private reach(to: Pick<Host, 'accept'>, lies = false): Promise<Transport> {
    const [mine, theirs] = loopbackPair();
    void to.accept(this.scene.serverLies ? this.lyingServer(theirs) : theirs);
    const counted = new Counted(mine, this.clock);
    if (!lies) return Promise.resolve(counted);
    const lying = new LyingTransport(counted, `${this.seed}/${this.links++}`, 'client', this.clock);
    this.liars.push(lying);
    return Promise.resolve(lying);
  }

  private lyingServer(inner: Transport): Transport {
    const lying = new LyingTransport(inner, `${this.seed}/${this.links++}`, 'server', this.clock);
    this.liars.push(lying);
    return lying;
  }

  /** The way in, and for who lies above it, a relay of its own. */
  private async wayIn({ lies, lying }: Role): Promise<() => Promise<Transport>> {
    const { host, relay, engine, clock } = this;
    if (!host) throw new TandemError('INTERNAL', 'there is no server');
    if (!relay) return () => this.reach(host, lies);
    if (!lies || lying === 'client') return () => this.reach(relay, lies);
    const own = await RelayHost.open({ connect: () => this.reach(host, true), engine, reconnect: { clock } });
    own.finished.catch(() => undefined);
    return () => this.reach(own);
  }

  private async takePart(role: Role, index: number, data: IdentifiedData | undefined): Promise<Ending> {
    const { clock, scene, engine } = this;
    let ending: Ending = { role, client: undefined, how: 'never came in', code: undefined };
    for (let tries = 0; tries < (role.lies ? RETURNS : role.isSpare ? 100 : MOST_ASKING) && data; tries++) {
      let client: number | undefined;
      try {
        // Those who lie are as likely to come first.
        if (tries === 0) await clock.pause(role.isSpare ? 20 : 0.05 * ((index * 7) % 5));
        const connect = await this.wayIn(role);
        const back =
          scene.graceSeconds > 0 || scene.serverLies
            ? { reconnect: { connect, clock, random: () => 0.5, patienceSeconds: 60 } }
            : {};
        const as = role.party === undefined ? {} : { party: role.party, aligned: scene.options.aligned ?? false };
        const transport = await connect();
        for await (const step of participate({ transport, data, engine, ...back, ...as })) client = step.client;
        return { role, client, how: 'finished', code: undefined };
      } catch (error) {
        const { line, code } = asTandemError(error);
        ending = { role, client, how: line, code };
        // Whoever has waited for a place that somebody was lent may come too late for a run that needs no more.
        if (code === 'RUN_OVER' && this.turnedAway.has(index)) ending = { ...ending, how: 'found no place' };
        if (code === 'RUN_FULL') this.turnedAway.add(index);
        if (this.ended || (!role.lies && code !== 'RUN_FULL') || scene.serverLies) return ending;
      }
      await clock.pause(ASK_AGAIN_SECONDS);
    }
    return ending;
  }

  /** Asks for predictions a few times while the run goes on. */
  private async ask(lies: boolean): Promise<Ending> {
    const role: Role = { lies, party: undefined, lying: 'client', isSpare: false };
    let how = 'asked';
    let code: string | undefined;
    try {
      const data = smallData(this.seed, 7, 3).test;
      const batch = await data?.batch([0, 1, 2]);
      const batches = batch ? [batch, batch, batch] : [];
      const way = await (await this.wayIn(role))();
      for await (const { outputs } of predictOver(way, batches, this.engine)) {
        if (!areFinite(outputs)) how = 'was told what is not finite';
        await this.clock.pause(0.3);
      }
    } catch (error) {
      ({ code, line: how } = asTandemError(error));
      // A run that is over answers nobody; who breaks, breaks.
      const isOver = this.ended && code !== 'INTERNAL';
      if (isOver || code === 'RUN_OVER' || code === 'LINK_LOST') how = 'asked';
    }
    return { role, client: undefined, how, code };
  }
}
