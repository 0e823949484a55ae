import { TandemError } from '../errors.js';
import type { NdArray } from '../ndarray.js';
import { agreeBy, noAgreement, type Agreement } from './capabilities.js';
import { checkField } from './check-field.js';
import type { Field, MessageDefinition } from './fields.js';
import { decodeFrame, encodeFrame } from './frame.js';
import { decodeHeader, encodeHeader, type Header } from './header.js';
import { definitionOf, nameOf, type Message } from './messages.js';
import { PayloadReader, writeTensors } from './tensor-payload.js';

/** Encoded messages that go to many clients, by their capabilities. */
const encoded = new WeakMap<Message, Map<string, Uint8Array>>();

/** Marks a message that goes to many clients and will not change: it is encoded once, and all links share its bytes. */
export function forMany<T extends Message>(message: T): T {
  encoded.set(message, new Map());
  return message;
}

export function isForMany(message: Message): boolean {
  return encoded.has(message);
}

/**
 * A message as one WebSocket message. Header keys stand in the order of the definition, so frames are reproducible; fields of a capability that
 * is not agreed are left out. Throws BAD_MESSAGE and TOO_LARGE for what the other side would refuse.
 */
export function encodeMessage(message: Message, agreement = noAgreement): Uint8Array {
  const shared = encoded.get(message);
  if (!shared) return encode(message, agreement);
  const key = relevant(definitionOf(message.type), agreement);
  const bytes = shared.get(key) ?? encode(message, agreement);
  shared.set(key, bytes);
  return bytes;
}

function encode(message: Message, before: Agreement): Uint8Array {
  const { type } = message;
  const definition = definitionOf(type);
  const values = message as unknown as Readonly<Record<string, unknown>>;
  const header: Record<string, unknown> = {};
  const payload: Uint8Array[] = [];
  try {
    checkCapability(type, definition.capability, before);
    const { agreed } = agreeBy(before, message);
    for (const [name, field] of Object.entries(definition.fields)) {
      const value = values[name];
      if (field.capability !== undefined && isLeftOut(value, field.capability, agreed)) continue;
      const where = `${type}.${name}`;
      checkField(field, value, where);
      if (field.type === 'tensors') {
        const { entries, values: data } = writeTensors(value as readonly NdArray[], where);
        header[name] = entries;
        for (const piece of data) payload.push(piece);
      } else if (field.type === 'bytes') payload.push(value as Uint8Array);
      else header[name] = value;
    }
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    throw new TandemError(error.code, `a message was not sent, since ${error.message}`);
  }
  return encodeFrame(definition.code, encodeHeader(header), payload);
}

/** Throws BAD_FRAME, BAD_VERSION, TOO_LARGE or BAD_MESSAGE. Tensors are copied out of the bytes; packed ones and a payload are not. */
export function decodeMessage(bytes: Uint8Array, before = noAgreement): Message {
  const frame = decodeFrame(bytes);
  const type = nameOf(frame.type);
  if (!type) throw new TandemError('BAD_MESSAGE', `unknown message type ${frame.type}`);
  const { fields, capability } = definitionOf(type);
  checkCapability(type, capability, before);
  const header = decodeHeader(frame.header);
  const stray = Object.keys(header).find((key) => !Object.hasOwn(fields, key) || fields[key]?.type === 'bytes');
  if (stray !== undefined) throw new TandemError('BAD_MESSAGE', `${type} has no field '${stray.slice(0, 40)}'`);
  const message: Record<string, unknown> = { type };
  const payload = new PayloadReader(frame.payload, type, before.agreed.includes('codecs'));
  for (const [name, field] of Object.entries(fields)) {
    if (field.capability !== undefined) {
      message[name] = null;
      if (!Object.hasOwn(header, name)) continue;
      // `welcome` says by itself, in a field before this one, what it may be.
      checkCapability(`field ${type}.${name}`, field.capability, agreeBy(before, message as unknown as Message));
    }
    message[name] = read(field, header, name, type, payload);
  }
  payload.end();
  return message as unknown as Message;
}

/** The bytes of a message's labels, which the accounts of a run show apart. */
export function labelBytes(message: Message): number {
  if (message.type !== 'smashed' && message.type !== 'query') return 0;
  return message.labels.reduce((sum, array) => sum + array.data.byteLength, 0);
}

function read(field: Field, header: Header, name: string, type: string, payload: PayloadReader): unknown {
  if (field.type === 'bytes') return payload.rest();
  const where = `${type}.${name}`;
  const value = header[name];
  checkField(field, value, where);
  return field.type === 'tensors' ? payload.tensors(value as readonly unknown[], where) : value;
}

/** Throws BAD_MESSAGE that names the field or message and its capability. */
function checkCapability(what: string, capability: string | undefined, { agreed }: Agreement): void {
  if (capability === undefined || agreed.includes(capability)) return;
  const why = `${what} belongs to the capability '${capability}', which the two sides have not both named`;
  throw new TandemError('BAD_MESSAGE', why, 'name it in hello and welcome, or leave that out');
}

function isLeftOut(value: unknown, capability: string, agreed: readonly string[]): boolean {
  return value === null || value === undefined || !agreed.includes(capability);
}

function relevant({ fields }: MessageDefinition, { agreed }: Agreement): string {
  const own = Object.values(fields).map(({ capability }) => capability);
  return agreed.filter((name) => own.includes(name)).join();
}
