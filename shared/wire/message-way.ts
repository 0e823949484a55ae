import { isForMany } from '../protocol/message-codec.js';
import type { Message } from '../protocol/messages.js';
import type { Codec } from './codec.js';
import type { TensorWay } from './pack-tensor.js';
import { seedOf } from './seed-of.js';
import type { WireTerms } from './terms.js';
import type { Way } from './ways.js';

/** How the tensors of a message of a session are coded. What few codecs need is drawn when they ask. */
export class MessageWay implements TensorWay {
  readonly codec: Codec | null;
  readonly stream: string;
  readonly learns: boolean;
  readonly once: boolean;
  readonly loss: number | null;
  readonly lambda: number;
  readonly mostBytes: number;
  private readonly number: number;

  constructor(
    private readonly message: Message,
    private readonly way: Way,
    private readonly terms: WireTerms,
    { codec, once, loss, mostBytes }: Pick<MessageWay, 'codec' | 'once' | 'loss' | 'mostBytes'>,
    private readonly samplesOf: (step: number) => Int32Array | null,
  ) {
    const { stream, learns, numbered, gradientOf } = way;
    this.codec = codec;
    this.stream = stream;
    this.learns = learns;
    this.once = once;
    this.loss = loss;
    this.mostBytes = mostBytes;
    this.number = (message as unknown as Record<string, number>)[numbered] ?? 0;
    const bringsGradient = learns && numbered === 'step' && gradientOf === undefined && !once;
    this.lambda = bringsGradient ? (codec?.correction ?? 0) : 0;
  }

  get seed(): number {
    const { message, terms, number } = this;
    return seedOf(terms.seed, isForMany(message) ? 'all' : terms.client, message.type, number);
  }

  get fixedSeed(): number {
    const { way, terms } = this;
    // Weights that go to many are unpacked by many.
    return seedOf(terms.seed, way.by === 'weights' ? 'all' : terms.client, way.stream);
  }

  get samples(): Int32Array | null {
    return this.learns && this.way.numbered === 'step' ? this.samplesOf(this.number) : null;
  }
}
