import { readFileSync } from 'node:fs';
import { noAgreement, type Agreement } from '../../shared/protocol/capabilities.js';
import { ndarray, type DType, type NdArray } from '../../shared/ndarray.js';
import { definitionOf, type Message, type MessageName } from '../../shared/protocol/messages.js';

/** One entry of test/vectors/frames.json; docs/protocol.md explains how other implementations use them. */
export interface GoldenFrame {
  readonly name: string;
  /** The message but for its payload; tensors as `{dtype, shape, data}`. */
  readonly message: { readonly type: MessageName; readonly [field: string]: unknown };
  /** Hex of the opaque payload, where the message has one. */
  readonly payload?: string;
  /** The capabilities that were agreed before, where the message has a field of one. */
  readonly agreed?: readonly string[];
  /** Hex of the whole frame. */
  readonly hex: string;
}

interface PlainTensor {
  readonly dtype: DType;
  readonly shape: number[];
  readonly data: number[];
}

export const goldenFile = new URL('../vectors/frames.json', import.meta.url);

export function readGoldenFrames(): GoldenFrame[] {
  return JSON.parse(readFileSync(goldenFile, 'utf8')) as GoldenFrame[];
}

/** Just the capabilities that a message's fields need. */
export function agreementFor(message: Message): Agreement {
  const values = message as unknown as Readonly<Record<string, unknown>>;
  const fields = Object.entries(definitionOf(message.type).fields);
  const agreed = fields.flatMap(([name, { capability }]) => (capability && values[name] != null ? [capability] : []));
  return { ...noAgreement, agreed: [...new Set(agreed)] };
}

/** A message as it is read: with null for what was left out. */
export function asRead(message: Message): Message {
  const fields = Object.entries(definitionOf(message.type).fields);
  const missing = fields.flatMap(([name, { capability }]) => (capability ? [[name, null] as const] : []));
  return { ...Object.fromEntries(missing), ...message };
}

export function toGolden(name: string, message: Message, bytes: Uint8Array): GoldenFrame {
  const { agreed } = agreementFor(message);
  const entries = Object.entries<unknown>({ ...message }).filter(([key]) => key !== 'payload');
  const plain = entries.map(([key, value]): [string, unknown] => [
    key,
    isTensors(message.type, key) ? (value as readonly NdArray[]).map(plainTensor) : value,
  ]);
  return {
    name,
    message: Object.fromEntries(plain) as GoldenFrame['message'],
    ...('payload' in message ? { payload: toHex(message.payload) } : {}),
    ...(agreed.length > 0 ? { agreed } : {}),
    hex: toHex(bytes),
  };
}

export function fromGolden({ message, payload }: GoldenFrame): Message {
  const typed = Object.entries(message).map(([key, value]): [string, unknown] => [
    key,
    isTensors(message.type, key) ? (value as PlainTensor[]).map(typedTensor) : value,
  ]);
  const bytes = payload === undefined ? {} : { payload: fromHex(payload) };
  return { ...Object.fromEntries(typed), ...bytes } as unknown as Message;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** JSON with -0, which JSON.parse reads and JSON.stringify does not write. */
export function toJson(frame: GoldenFrame): string {
  const marked = JSON.stringify(frame, (_, value: unknown) => (Object.is(value, -0) ? '-0' : value));
  return marked.replaceAll('"-0"', '-0');
}

function isTensors(type: MessageName, key: string): boolean {
  return definitionOf(type).fields[key]?.type === 'tensors';
}

function plainTensor({ dtype, shape, data }: NdArray): PlainTensor {
  return { dtype, shape: [...shape], data: Array.from(data) };
}

function typedTensor({ dtype, shape, data }: PlainTensor): NdArray {
  const constructors = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
  return ndarray(dtype, shape, constructors[dtype].from(data));
}
