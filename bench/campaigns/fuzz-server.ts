import { participate, type JoinStep, type RunOutcome } from '../../client/participate.js';
import { clientPart } from '../../server/run/client-part.js';
import { createHost } from '../../server/create-host.js';
import type { RunHost } from '../../server/run/run-host.js';
import { reduceSession } from '../../server/session/session-reducer.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import type { ClientData } from '../../shared/data/dataset.js';
import type { Engine } from '../../shared/engine/engine.js';
import { isRefusalCode, TandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import { buildPlaced } from '../../shared/model/build.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Task } from '../../shared/task.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { hello } from './hello.js';
import { HostileFrames } from './hostile-frames.js';
import { sessionStates } from './session-states.js';

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: string;
  readonly originals: readonly Uint8Array[];
  readonly task: Task;
  readonly data: ClientData;
  readonly engine: Engine;
  readonly run: RunOptions;
  /** Every so many frames, one is sent into the live run. */
  readonly liveEvery: number;
  /** For negative controls: a reader that is broken. */
  readonly decode?: (bytes: Uint8Array) => Message;
  /** Told now and then how far it is. */
  readonly onProgress?: (frames: number) => void;
}

export interface FuzzResult {
  readonly frames: number;
  /** Frames by what the reader said: a code, or that it was a message. */
  readonly read: Readonly<Record<string, number>>;
  /** Messages by what sessions said to them. */
  readonly sessions: Readonly<Record<string, number>>;
  /** Frames that were sent into the live run, and the links they took. */
  readonly live: {
    readonly frames: number;
    readonly links: number;
    readonly refusals: Readonly<Record<string, number>>;
  };
  /** Everything that was thrown and is no documented refusal, with the frame. */
  readonly errors: readonly string[];
  readonly memoryRiseMegabytes: number;
  /** Whether the honest client's run ended as one that nobody disturbed. */
  readonly sameWeights: boolean;
}

const CHUNK = 2_000;
const MAX_ERRORS = 20;
const MAX_FRAMES_A_LINK = 4;

/** Hostile frames into the reader, into sessions in all states, and a share of them into a run with an honest client. */
export async function fuzzServer(options: FuzzOptions): Promise<FuzzResult> {
  const { frames, seed, originals, task, data, engine, liveEvery, decode = decodeMessage, onProgress } = options;
  const settings = resolveRun(task, { ...options.run, clients: 1 });
  const { contract } = clientPart(task, await buildPlaced(task, settings), settings).rules;
  const states = sessionStates(contract);
  const source = new HostileFrames(seed, originals, contract);
  const undisturbed = await new LiveRun(task, data, engine, settings).finish();

  const tally = new Tally();
  const uncaught = (error: unknown) => tally.error(error, null);
  process.on('uncaughtException', uncaught).on('unhandledRejection', uncaught);
  try {
    const live = new LiveRun(task, data, engine, settings);
    await live.step();
    const stepEvery = Math.max(CHUNK, Math.ceil(frames / live.plannedSteps));
    let baseline = 0;
    let highest = 0;
    for (let done = 0; done < frames;) {
      for (const end = Math.min(done + CHUNK, frames); done < end; done++) {
        const frame = source.next();
        const message = tally.reading(frame, decode);
        if (message)
          for (const state of states)
            tally.judging(frame, () => reduceSession(state, { kind: 'received', message })[1]);
        if (done % liveEvery === 0) await live.attack(frame);
      }
      if (done % stepEvery < CHUNK) await live.step();
      await new Promise((resolve) => setImmediate(resolve));
      // The first twentieth fills the pools and the heap of what runs at all.
      const { rss } = process.memoryUsage();
      if (done <= frames / 20) baseline = Math.max(baseline, rss);
      else highest = Math.max(highest, rss);
      onProgress?.(done);
    }
    const hash = await live.finish();
    const { read, sessions } = tally;
    const memoryRiseMegabytes = Math.round(Math.max(0, highest - baseline) / 1e5) / 10;
    const errors = [...tally.errors, ...live.internal];
    return {
      frames,
      read,
      sessions,
      live: live.counts,
      errors,
      memoryRiseMegabytes,
      sameWeights: hash === undisturbed,
    };
  } finally {
    process.off('uncaughtException', uncaught).off('unhandledRejection', uncaught);
  }
}

class Tally {
  readonly read: Record<string, number> = {};
  readonly sessions: Record<string, number> = {};
  readonly errors: string[] = [];

  reading(frame: Uint8Array, decode: (bytes: Uint8Array) => Message): Message | undefined {
    try {
      const message = decode(frame);
      count(this.read, 'a message');
      return message;
    } catch (error) {
      this.thrown(this.read, error, frame);
      return undefined;
    }
  }

  judging(frame: Uint8Array, judge: () => readonly { readonly kind: string; readonly error?: TandemError }[]): void {
    try {
      const refusal = judge().find((effect) => effect.kind === 'refuse');
      count(this.sessions, refusal?.error?.code ?? 'taken');
    } catch (error) {
      this.thrown(this.sessions, error, frame);
    }
  }

  error(error: unknown, frame: Uint8Array | null): void {
    const bytes = frame ? Buffer.from(frame.subarray(0, 200)).toString('hex') : 'outside of any frame';
    if (this.errors.length < MAX_ERRORS) this.errors.push(`${String(error)} at ${bytes}`);
  }

  private thrown(counts: Record<string, number>, error: unknown, frame: Uint8Array): void {
    const known = error instanceof TandemError && isRefusalCode(error.code) && error.code !== 'INTERNAL';
    count(counts, known ? error.code : 'an error');
    if (!known) this.error(error, frame);
  }
}

/** A run with one honest client, over loopback, that strangers may join. */
class LiveRun {
  readonly internal: string[] = [];
  plannedSteps = 1;
  private readonly refusals: Record<string, number> = {};
  private frames = 0;
  private links = 0;
  private readonly host: Promise<RunHost>;
  private steps: AsyncGenerator<JoinStep, RunOutcome> | undefined;
  private stranger: { send(bytes: Uint8Array): boolean; close(): void; left: number } | undefined;

  constructor(
    task: Task,
    private readonly data: ClientData,
    private readonly engine: Engine,
    settings: ReturnType<typeof resolveRun>,
  ) {
    const onEvent = (event: RunEvent) => {
      if (event.kind === 'round-started') this.plannedSteps = event.planned;
      if (event.kind !== 'refused') return;
      count(this.refusals, event.code);
      if (event.code === 'INTERNAL') this.internal.push(`the live run: ${event.reason}`);
    };
    this.host = createHost({ task, settings, engine, transport: 'loopback', onEvent });
  }

  get counts(): FuzzResult['live'] {
    return { frames: this.frames, links: this.links, refusals: this.refusals };
  }

  /** One step of the honest client; false when it has done its last. */
  async step(): Promise<boolean> {
    const { data, engine } = this;
    this.steps ??= participate({ transport: await this.link(), data, engine, place: [0, 1] });
    return !(await this.steps.next()).done;
  }

  /** Trains to the end. Returns the hash of all weights. */
  async finish(): Promise<string> {
    while (await this.step());
    const host = await this.host;
    const { summary } = await host.finished;
    host.close(new TandemError('CANCELLED', 'the campaign is over'));
    return summary.weightsHash;
  }

  /** Sends a frame as a stranger: the first of its link, or one after a hello. */
  async attack(frame: Uint8Array): Promise<void> {
    if (!this.stranger || this.stranger.left === 0) {
      this.stranger?.close();
      this.stranger = { ...(await this.strange()), left: MAX_FRAMES_A_LINK };
      if (this.links++ % 2 === 0) this.stranger.send(encodeMessage(hello('infer')));
    }
    this.stranger.left = this.stranger.send(frame) ? this.stranger.left - 1 : 0;
    this.frames++;
    await new Promise((resolve) => setImmediate(resolve));
  }

  private async strange() {
    const transport = await this.link();
    const read = async () => {
      for await (const _ of transport.frames());
    };
    void read().catch(() => undefined);
    const send = (bytes: Uint8Array) => {
      try {
        transport.send(bytes);
        return true;
      } catch {
        return false;
      }
    };
    return { send, close: () => transport.close() };
  }

  private async link() {
    const [client, server] = loopbackPair();
    void (await this.host).accept(server);
    return client;
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
