import { BatchOrder } from '../shared/data/batch-order.js';
import { dealData } from '../shared/data/partition.js';
import { limited, type Batch, type ClientData } from '../shared/data/dataset.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { ByteCounts } from '../shared/protocol/byte-meter.js';
import { Link } from '../shared/protocol/link.js';
import type { Message } from '../shared/protocol/messages.js';
import type { Transport } from '../shared/transport/transport.js';
import { BottomParty } from './bottom-party.js';
import { initialSession, reduceSession, type SessionEffect, type SessionInput } from './session-reducer.js';

export interface ParticipateOptions {
  readonly transport: Transport;
  readonly data: ClientData;
  readonly engine: Engine;
  /** `[index, count]`: the place in the run this client asks for. */
  readonly place?: readonly [number, number];
  /** Whether the data are everybody's and only the share of `place` is used, dealt by the run's seed. */
  readonly takesShare?: boolean;
  /** Training samples used, after sharding. */
  readonly limit?: number;
}

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
  private readonly link: Link;
  private state;
  private data: ClientData;
  private order: BatchOrder | undefined;
  private bottom: BottomParty | undefined;
  private ahead: { readonly step: number; readonly batch: Promise<Batch> } | undefined;
  private ended = false;

  constructor(private readonly options: ParticipateOptions) {
    const { transport, data, place, engine } = options;
    this.link = new Link(transport);
    this.data = data;
    this.state = initialSession({
      type: 'hello',
      role: 'train',
      shard: place ? [...place] : null,
      engine: engine.label,
      session: null,
      nextStep: 1,
      durable: 0,
    });
  }

  async *run(): AsyncGenerator<JoinStep, RunOutcome> {
    yield* this.dispatch({ kind: 'opened' });
    for await (const message of this.link.messages()) {
      const outcome = yield* this.dispatch({ kind: 'received', message });
      if (outcome) {
        this.ended = true;
        return { ...outcome, bytes: this.link.meter.counts };
      }
    }
    throw new TandemError('LINK_LOST', 'the server closed the link before the run ended');
  }

  dispose(): void {
    if (!this.ended) this.goodbye();
    this.link.close();
    this.bottom?.dispose();
  }

  private async *dispatch(input: SessionInput): AsyncGenerator<JoinStep, Message<'finished'> | undefined> {
    const [state, effects] = reduceSession(this.state, input);
    this.state = state;
    for (const effect of effects) {
      const outcome = yield* this.perform(effect);
      if (outcome) return outcome;
    }
    return undefined;
  }

  private async *perform(effect: SessionEffect): AsyncGenerator<JoinStep, Message<'finished'> | undefined> {
    switch (effect.kind) {
      case 'send':
        this.link.send(effect.message);
        return undefined;
      case 'open-model':
        await this.open(effect.payload);
        return yield* this.dispatch({ kind: 'model-opened', ...this.sizes, holdsTop: this.held.holdsTop });
      case 'load-bottom':
        await this.held.load(effect.message);
        return undefined;
      case 'smash': {
        const batch = await this.take(effect.step);
        const message = await this.held.smash(batch, effect.step);
        const outcome = yield* this.dispatch({ kind: 'smashed', message });
        // While the server computes; the step after the last of a turn is likely to come too.
        this.ahead = { step: effect.step + 1, batch: this.load(effect.step + 1) };
        this.ahead.batch.catch(() => undefined);
        return outcome;
      }
      case 'judge': {
        const outcome = yield* this.dispatch({ kind: 'judged', message: await this.held.judge(effect.message) });
        await this.held.updateTop();
        return outcome;
      }
      case 'learn':
        await this.held.learn(effect.message);
        yield this.report(effect.message, effect.samples);
        return yield* this.dispatch({ kind: 'learned' });
      case 'upload': {
        const message = await this.held.upload(effect.round, effect.withOptimizer);
        return yield* this.dispatch({ kind: 'bottom', message });
      }
      case 'query': {
        const message = await this.held.query(await this.testBatch(effect.batch), effect.batch);
        return yield* this.dispatch({ kind: 'query', message });
      }
      case 'score': {
        if (effect.first) this.held.beginScores();
        return yield* this.dispatch({ kind: 'scored', scores: await this.held.score(effect.message) });
      }
      case 'finish':
        return effect.message;
      case 'fail':
        this.ended = true;
        throw effect.error;
    }
  }

  /** The run's seed is known now, so the shard can be dealt, and data that do not fit are found before anybody waits. */
  private async open(payload: Uint8Array): Promise<void> {
    const { seed, client, batch, clients, partition, limit } = this.welcome;
    const { place, takesShare = false, engine } = this.options;
    if (place && takesShare) {
      const parts = dealData(this.data, { clients, partition, limit: limit ?? undefined, seed });
      this.data = parts[place[0]] ?? this.data;
    }
    const train = limited(this.data.train, this.options.limit);
    this.data = { ...this.data, train };
    if (train.size === 0) throw new TandemError('BAD_DATA', 'there are no training samples');
    this.order = new BatchOrder({ size: train.size, batch, seed, client });
    this.bottom = BottomParty.open(payload, engine, { seed, client, maxRows: batch });
    for (const dataset of [train, this.data.test]) {
      if (dataset && dataset.size > 0) this.bottom.check(await dataset.batch([0]));
    }
  }

  /** The batch of a step, from ahead if it was loaded already. */
  private take(step: number): Promise<Batch> {
    return this.ahead?.step === step ? this.ahead.batch : this.load(step);
  }

  private async load(step: number): Promise<Batch> {
    const batch = await this.data.train.batch(this.order?.rows(step - 1) ?? new Int32Array());
    this.held.check(batch);
    return batch;
  }

  private testBatch(index: number) {
    const { batch } = this.welcome;
    const { test } = this.data;
    if (!test) throw new TandemError('BAD_STATE', 'the server asked for test samples, there are none here');
    const length = Math.min(batch, test.size - index * batch);
    return test.batch(Int32Array.from({ length }, (_, i) => index * batch + i));
  }

  private report({ step, loss }: Message<'cutGradient'>, samples: number): JoinStep {
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

  private get sizes(): { samples: number; testSamples: number } {
    return { samples: this.data.train.size, testSamples: this.data.test?.size ?? 0 };
  }

  private get welcome(): Message<'welcome'> {
    if (!this.state.welcome) throw new TandemError('BAD_STATE', 'the server sent work before its welcome');
    return this.state.welcome;
  }

  private get held(): BottomParty {
    if (!this.bottom) throw new TandemError('BAD_STATE', 'the server sent work before the model');
    return this.bottom;
  }
}
