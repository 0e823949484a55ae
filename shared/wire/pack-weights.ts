import { TandemError } from '../errors.js';
import { bytesOf, firstNonFinite, ndarray } from '../ndarray.js';
import { forMany, isForMany } from '../protocol/message-codec.js';
import type { Message } from '../protocol/messages.js';
import type { TensorWay } from './pack-tensor.js';
import { TensorContext } from './tensor-context.js';

/** So many weights, one after the other, share the range of a quantiser. */
const BLOCK = 256;
/** One byte before the payload: whether it is as it was, or coded, with four bytes of how many weights it holds. */
const PLAIN = 0;
const CODED = 1;
const CODED_HEAD = 5;

/** Weights that go to many are packed once. */
const packedForMany = new WeakMap<Message, Map<string, Message<'bottom'>>>();

/** Weights alone are coded: squares of gradients, which an optimizer hands over, do not survive a few bits. */
export function packWeights(message: Message<'bottom'>, way: TensorWay): Message<'bottom'> {
  const { codec } = way;
  if (!codec || message.updates !== null) return message;
  if (!isForMany(message)) return pack(message, way);
  const known = packedForMany.get(message) ?? new Map<string, Message<'bottom'>>();
  packedForMany.set(message, known);
  const packed = known.get(codec.name) ?? forMany(pack(message, way));
  known.set(codec.name, packed);
  return packed;
}

/** The reverse. Throws BAD_MESSAGE. */
export function unpackWeights(message: Message<'bottom'>, way: TensorWay): Message<'bottom'> {
  const { codec } = way;
  const { payload, updates } = message;
  if (!codec || updates !== null) return message;
  if (payload[0] === PLAIN) return { ...message, payload: payload.subarray(1) };
  if (payload[0] !== CODED || payload.length < CODED_HEAD) throw wrong('is neither plain nor coded');
  const count = new DataView(payload.buffer, payload.byteOffset).getUint32(1, true);
  if (4 * count > way.mostBytes) throw wrong(`claims ${count} weights, and ${way.mostBytes} bytes fit this run`);
  const context = new TensorContext(way, blocks(count), 0);
  const { values } = codec.decode(payload.subarray(CODED_HEAD), context, null);
  return { ...message, payload: bytesOf(ndarray('float32', [count], values.slice(0, count))) };
}

function pack(message: Message<'bottom'>, way: TensorWay): Message<'bottom'> {
  const { codec } = way;
  const { payload } = message;
  const count = payload.length / 4;
  const shape = blocks(count);
  const values = new Float32Array(shape[0] * BLOCK);
  if (Number.isInteger(count)) new Uint8Array(values.buffer).set(payload);
  const fits = Number.isInteger(count) && count > 0 && firstNonFinite(ndarray('float32', shape, values)) < 0;
  const coded = fits && codec ? codec.encode(values, new TensorContext(way, shape, 0), null).bytes : payload;
  if (coded.length + CODED_HEAD >= payload.length + 1) return { ...message, payload: headed([PLAIN], payload) };
  const head = new Uint8Array(CODED_HEAD).fill(CODED, 0, 1);
  new DataView(head.buffer).setUint32(1, count, true);
  return { ...message, payload: headed(head, coded) };
}

function blocks(count: number): readonly [number, number] {
  return [Math.ceil(count / BLOCK), BLOCK];
}

function headed(head: ArrayLike<number>, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

function wrong(what: string): TandemError {
  return new TandemError('BAD_MESSAGE', `the payload of a bottom ${what}`);
}
