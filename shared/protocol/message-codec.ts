import { TandemError } from '../errors.js';
import { bytesOf, bytesPerElement, fromBytes, type DType, type NdArray } from '../ndarray.js';
import { decodeFrame, encodeFrame } from './frame.js';
import { decodeHeader, encodeHeader, type Header } from './header.js';
import { definitionOf, nameOf, type Message } from './messages.js';

const MAX_TENSORS = 16;
const MAX_RANK = 8;
const dtypes: readonly DType[] = ['float32', 'int32', 'uint8'];

/** Of messages that go to many: their bytes, once somebody has asked for them. */
const encoded = new WeakMap<Message, Uint8Array | null>();

/** Says that a message, which nobody changes from here on, goes to many: it is encoded once, and all links share its bytes. */
export function forMany<T extends Message>(message: T): T {
  encoded.set(message, null);
  return message;
}

/** A message as one WebSocket message. Header keys stand in the order of the definition, so frames are reproducible. */
export function encodeMessage(message: Message): Uint8Array {
  const known = encoded.get(message);
  if (known) return known;
  const bytes = encode(message);
  if (known === null) encoded.set(message, bytes);
  return bytes;
}

function encode(message: Message): Uint8Array {
  const definition = definitionOf(message.type);
  const values = message as unknown as Readonly<Record<string, unknown>>;
  const header: Record<string, unknown> = {};
  for (const name of Object.keys(definition.fields)) header[name] = values[name];
  const payload: Uint8Array[] = [];
  for (const name of definition.arrays) {
    const arrays = values[name] as readonly NdArray[];
    header[name] = arrays.map((array) => [dtypes.indexOf(array.dtype), ...array.shape]);
    for (const array of arrays) payload.push(bytesOf(array));
  }
  if (definition.payload) payload.push(values.payload as Uint8Array);
  return encodeFrame(definition.code, encodeHeader(header), payload);
}

/** Throws BAD_FRAME, BAD_VERSION, TOO_LARGE or BAD_MESSAGE. Tensors are copied out of the bytes; a payload is not. */
export function decodeMessage(bytes: Uint8Array): Message {
  const frame = decodeFrame(bytes);
  const name = nameOf(frame.type);
  if (!name) throw new TandemError('BAD_MESSAGE', `unknown message type ${frame.type}`);
  const definition = definitionOf(name);
  const header = decodeHeader(frame.header);
  const known = new Set([...Object.keys(definition.fields), ...definition.arrays]);
  const stray = Object.keys(header).find((key) => !known.has(key));
  if (stray !== undefined) throw new TandemError('BAD_MESSAGE', `${name} has no field '${stray.slice(0, 40)}'`);
  const message: Record<string, unknown> = { type: name };
  for (const [key, field] of Object.entries(definition.fields)) message[key] = field(header[key], `${name}.${key}`);
  const payload = new PayloadReader(frame.payload, name);
  for (const key of definition.arrays) message[key] = payload.arrays(header, key);
  if (definition.payload) message.payload = payload.rest();
  payload.end();
  return message as unknown as Message;
}

/** The bytes of a message's labels, which the accounts of a run show apart. */
export function labelBytes(message: Message): number {
  if (message.type !== 'smashed' && message.type !== 'query') return 0;
  return message.labels.reduce((sum, array) => sum + array.data.byteLength, 0);
}

class PayloadReader {
  private at = 0;

  constructor(
    private readonly payload: Uint8Array,
    private readonly message: string,
  ) {}

  arrays(header: Header, key: string): NdArray[] {
    const list = header[key];
    const where = `${this.message}.${key}`;
    if (!Array.isArray(list) || list.length > MAX_TENSORS) {
      throw new TandemError('BAD_MESSAGE', `field ${where} must list at most ${MAX_TENSORS} tensors`);
    }
    return list.map((entry, i) => this.array(entry, `${where}[${i}]`));
  }

  rest(): Uint8Array {
    const rest = this.payload.subarray(this.at);
    this.at = this.payload.length;
    return rest;
  }

  end(): void {
    if (this.at !== this.payload.length) {
      throw new TandemError('BAD_MESSAGE', `${this.message} has ${this.payload.length - this.at} bytes too many`);
    }
  }

  private array(entry: unknown, where: string): NdArray {
    if (!Array.isArray(entry) || entry.length < 1 || entry.length > MAX_RANK + 1) {
      throw new TandemError('BAD_MESSAGE', `${where} is not [dtype, ...shape] of rank at most ${MAX_RANK}`);
    }
    const [code, ...shape] = entry as unknown[];
    const dtype = typeof code === 'number' ? dtypes[code] : undefined;
    if (dtype === undefined || !shape.every((length) => Number.isSafeInteger(length) && (length as number) >= 0)) {
      throw new TandemError(
        'BAD_MESSAGE',
        `${where} has an unknown dtype or a length that is not an integer of at least 0`,
      );
    }
    const lengths = shape as number[];
    const bytes = lengths.reduce((product, length) => product * length, bytesPerElement[dtype]);
    const end = this.at + bytes;
    if (!(end <= this.payload.length)) {
      throw new TandemError('BAD_MESSAGE', `${where} needs ${bytes} bytes, ${this.payload.length - this.at} are left`);
    }
    const array = fromBytes(dtype, lengths, this.payload.subarray(this.at, end));
    this.at = end;
    return array;
  }
}
