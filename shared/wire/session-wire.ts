import { BatchOrder, rowsInOrder } from '../data/batch-order.js';
import { TandemError } from '../errors.js';
import { bytesPerElement, sizeOf, type NdArray } from '../ndarray.js';
import { limits } from '../protocol/limits.js';
import type { Message } from '../protocol/messages.js';
import { isPacked } from '../protocol/tensor-payload.js';
import { builtinCodecs, type CodecRegistry } from './codec-registry.js';
import { corrected, withCorrection } from './correction.js';
import { MessageWay } from './message-way.js';
import { narrow, widen } from './narrow.js';
import { packTensor, unpackTensor, type TensorWay } from './pack-tensor.js';
import { packWeights, unpackWeights } from './pack-weights.js';
import { termsOf, type WireTerms } from './terms.js';
import { codecOn, ways, type Way } from './ways.js';
import type { WireSnapshot, WireState } from './wire-state.js';

/**
 * Packs the tensors of a session's messages with its codecs, and unpacks them. How depends on the message, on the state of its direction's
 * codecs, and on `welcome`, which both sides see go by.
 */
export class SessionWire {
  /** Undefined where nothing is coded. */
  terms: WireTerms | undefined;
  /** The state of the codecs that pack here, and of those that unpack. */
  sent: WireState;
  received: WireState;
  private order: BatchOrder | undefined;
  /** As in the terms, from `hello` on; they begin with `welcome`. */
  private shuffle: number | undefined;
  /** The most bytes that a message may unpack to. */
  mostBytes: number = limits.messageBytes;
  /** How many bytes fewer than in float32, both ways. */
  saved = 0;

  constructor(
    { terms, sentWire = {}, receivedWire = {} }: WireSnapshot = {},
    private readonly registry: CodecRegistry = builtinCodecs,
  ) {
    this.terms = terms;
    this.sent = sentWire;
    this.received = receivedWire;
  }

  /** A message with its tensors packed. */
  pack(message: Message): Message {
    this.note(message);
    const { terms } = this;
    const way = ways[message.type];
    if (!terms || !way) return message;
    const [packed, state] = packMessage(message, this.tensorWay(message, way, terms), this.sent);
    this.sent = withLoss(state, message);
    this.saved += bytesIn(message) - bytesIn(packed);
    return packed;
  }

  /** The reverse of `pack`. Throws BAD_MESSAGE. */
  unpack(message: Message): Message {
    this.note(message);
    const way = ways[message.type];
    if (!way) return message;
    if (!this.terms) return refusePacked(message);
    const [unpacked, state] = unpackMessage(message, this.tensorWay(message, way, this.terms), this.received);
    this.received = withLoss(state, message);
    this.saved += bytesIn(unpacked) - bytesIn(message);
    return way.gradientOf === undefined ? unpacked : correctedMessage(unpacked, this.sent, way.gradientOf);
  }

  private note(message: Message): void {
    // All parties of a vertical run shuffle alike.
    if (message.type === 'hello') this.shuffle = message.party === null ? undefined : 0;
    if (message.type === 'ready' && this.terms) {
      const { seed, client, shuffle = client, batch } = this.terms;
      const order = { size: message.samples, batch, seed, client: shuffle };
      this.terms = { ...this.terms, order };
    }
    if (message.type === 'train' && this.terms) this.terms = { ...this.terms, pass: message.sends ? 0 : undefined };
    if (message.type === 'smashed' && this.terms?.pass === 0) this.terms = { ...this.terms, pass: message.step };
    if (message.type !== 'welcome') return;
    const terms = termsOf(message);
    // A checkpoint may come between this and `ready`, and holds the terms alone.
    this.terms = terms && (this.shuffle === undefined ? terms : { ...terms, shuffle: this.shuffle });
    const { up = null, down = null, weights = null } = this.terms ?? {};
    for (const name of [up, down, weights]) if (name !== null) this.registry.find(name);
  }

  /** Both sides know the order of samples, so their numbers need not travel. */
  private samplesOf(step: number): Int32Array | null {
    const order = this.terms?.order;
    if (!order || order.size > MOST_KNOWN || step < 1) return null;
    const { pass } = this.terms ?? {};
    if (pass) return rowsInOrder(order.size, order.batch, step - pass);
    this.order ??= new BatchOrder(order);
    return this.order.rows(step - 1);
  }

  private tensorWay(message: Message, way: Way, terms: WireTerms): TensorWay {
    const name = codecOn(way, terms);
    const about = {
      codec: name === null ? null : this.registry.find(name),
      once: message.type === 'smashed' && terms.pass !== undefined,
      // Cut gradients go one way only.
      loss: lossIn(this.sent) ?? lossIn(this.received),
      mostBytes: this.mostBytes,
    };
    return new MessageWay(message, way, terms, about, (step) => this.samplesOf(step));
  }
}

/** The order of more samples is not computed: a client may claim any number. */
const MOST_KNOWN = 2 ** 20;

/** The key of the last loss in the state of codecs, whose other keys name streams. */
const LOSS = 'loss';

function lossIn(state: WireState): number | null {
  return (state[LOSS] ?? null) as number | null;
}

/** A cut gradient says the loss of its step. */
function withLoss(state: WireState, message: Message): WireState {
  const isHeard = message.type === 'cutGradient' && Number.isFinite(message.loss);
  return isHeard ? { ...state, [LOSS]: message.loss } : state;
}

type Tensors = readonly NdArray[];

function packMessage(message: Message, way: TensorWay, state: WireState): [Message, WireState] {
  if (message.type === 'bottom') return [packWeights(message, way), state];
  const { tensors, labels } = message as { tensors?: Tensors; labels?: Tensors };
  let next = state;
  const pack = (tensor: NdArray, i: number) => {
    const [packed, after] = packTensor(tensor, way, i, next);
    next = after;
    return packed;
  };
  const packed = tensors ? { tensors: tensors.map(pack) } : {};
  if (tensors && packed.tensors)
    next = withCorrection(next, stepOf(message), way, state, { tensors, packed: packed.tensors });
  const narrowed = labels ? { labels: labels.map((each) => narrow(each) ?? each) } : {};
  return [{ ...message, ...packed, ...narrowed }, next];
}

function unpackMessage(message: Message, way: TensorWay, state: WireState): [Message, WireState] {
  if (message.type === 'bottom') return [unpackWeights(message, way), state];
  const { tensors = [], labels } = message as { tensors?: Tensors; labels?: Tensors };
  refuseTooMuch([...tensors, ...(labels ?? [])], way.mostBytes);
  let next = state;
  const unpack = (tensor: NdArray, i: number) => {
    const [unpacked, after] = unpackTensor(tensor, way, i, next);
    next = after;
    return unpacked;
  };
  const unpacked = { tensors: tensors.map(unpack) };
  const widened = labels ? { labels: labels.map((each) => (isPacked(each) ? widen(each) : each)) } : {};
  return [{ ...message, ...unpacked, ...widened }, next];
}

function correctedMessage(message: Message, sent: WireState, stream: string): Message {
  const { tensors = [] } = message as { tensors?: Tensors };
  return { ...message, tensors: corrected(tensors, sent, stream, stepOf(message)) } as Message;
}

function stepOf(message: Message): number {
  return (message as { step?: number }).step ?? 0;
}

/** A few bytes may claim any shape, so sizes are checked before anything is allocated. */
function refuseTooMuch(tensors: Tensors, most: number): void {
  const bytes = tensors.reduce((sum, { dtype, shape }) => sum + bytesPerElement[dtype] * sizeOf(shape), 0);
  if (bytes <= most) return;
  throw new TandemError(
    'BAD_MESSAGE',
    `a message holds ${bytes} bytes of tensors when unpacked, at most ${most} fit this run`,
  );
}

/** Of all values in a message. */
function bytesIn(message: Message): number {
  const { tensors = [], labels = [] } = message as { tensors?: Tensors; labels?: Tensors };
  const payload = message.type === 'bottom' ? message.payload.length : 0;
  return [...tensors, ...labels].reduce((sum, { data }) => sum + data.byteLength, payload);
}

function refusePacked(message: Message): Message {
  const { tensors = [], labels = [] } = message as { tensors?: Tensors; labels?: Tensors };
  if (![...tensors, ...labels].some(isPacked)) return message;
  throw new TandemError(
    'BAD_MESSAGE',
    `${message.type} is coded, and nothing is in this session`,
    'send float32 as it is',
  );
}
