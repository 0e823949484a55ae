import { readFileSync } from 'node:fs';
import { ndarray, type DType, type NdArray } from '../../shared/ndarray.js';
import { definitionOf, type Message, type MessageName } from '../../shared/protocol/messages.js';

/** One entry of test/vectors/frames.json; docs/protocol.md explains how other implementations use them. */
export interface GoldenFrame {
  readonly name: string;
  /** The message but for its payload; tensors as `{dtype, shape, data}`. */
  readonly message: { readonly type: MessageName; readonly [field: string]: unknown };
  /** Hex of the opaque payload, where the message has one. */
  readonly payload?: string;
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

export function toGolden(name: string, message: Message, bytes: Uint8Array): GoldenFrame {
  const { arrays } = definitionOf(message.type);
  const entries = Object.entries<unknown>({ ...message }).filter(([key]) => key !== 'payload');
  const plain = entries.map(([key, value]): [string, unknown] => [
    key,
    arrays.includes(key) ? (value as readonly NdArray[]).map(plainTensor) : value,
  ]);
  return {
    name,
    message: Object.fromEntries(plain) as GoldenFrame['message'],
    ...('payload' in message ? { payload: toHex(message.payload) } : {}),
    hex: toHex(bytes),
  };
}

export function fromGolden({ message, payload }: GoldenFrame): Message {
  const { arrays } = definitionOf(message.type);
  const typed = Object.entries(message).map(([key, value]): [string, unknown] => [
    key,
    arrays.includes(key) ? (value as PlainTensor[]).map(typedTensor) : value,
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

function plainTensor({ dtype, shape, data }: NdArray): PlainTensor {
  return { dtype, shape: [...shape], data: Array.from(data) };
}

function typedTensor({ dtype, shape, data }: PlainTensor): NdArray {
  const constructors = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
  return ndarray(dtype, shape, constructors[dtype].from(data));
}
