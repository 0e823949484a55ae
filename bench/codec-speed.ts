import { createRng } from '../shared/rng.js';
import { codecRegistry } from '../shared/wire/codec-registry.js';
import type { Codec, CodecContext, CodecState } from '../shared/wire/codec.js';
import type { WireRow } from './wire-render.js';

const SHAPE = [64, 14, 14, 6];
const COUNT = 64 * 14 * 14 * 6;
const MESSAGES = 100;
/** For rANS, so that what it has learned counts, and for the compiler. */
const WARM = 30;

const names = [
  ...['fp16', 'bf16', 'int8', 'int4', 'int3', 'int2', 'int4:channel', 'int4:tensor', 'int4:learned'],
  ...['int2:learned', 'fp16+rans', 'int8+rans'],
  ...['int4+rans', 'int3+rans', 'int2+rans', 'int4:tensor+rans', 'int3:tensor+rans', 'topk:8+int8'],
  ...['topk:8+int4+rans', 'topk:1+int8+rans', 'randtopk:8+int4+rans', 'project:4+int8', 'pq:4', 'pq:8+rans'],
  'delta+int4+rans',
];

const registry = codecRegistry();
export const measuredCodecs: readonly Codec[] = names.map((name) => registry.find(name));

const rng = createRng('bench wire', 1);
export const smashed = Float32Array.from({ length: COUNT }, () => Math.max(0, rng.normal()));
export const gradients = Float32Array.from({ length: COUNT }, () => (rng.int(10) === 0 ? 1e-4 * rng.normal() : 0));

/** What a codec makes of a tensor that is sent again and again, in Node and in a page alike. */
export function measureCodec(codec: Codec, values: Float32Array): WireRow {
  let [here, there]: [CodecState, CodecState] = [null, null];
  let [encode, decode] = [Infinity, Infinity];
  let size = 0;
  let last = values;
  for (let i = 0; i < MESSAGES; i++) {
    const samples = Int32Array.from({ length: 64 }, (_, row) => (i % 4) * 64 + row);
    const context: CodecContext = { shape: SHAPE, seed: 7919 * i, fixedSeed: 3, learns: true, samples };
    const began = performance.now();
    const { bytes, state } = codec.encode(values, context, here);
    const between = performance.now();
    const heard = codec.decode(bytes, context, there);
    const ended = performance.now();
    [here, there] = [state, heard.state];
    if (i < WARM) continue;
    encode = Math.min(encode, between - began);
    decode = Math.min(decode, ended - between);
    size = bytes.length;
    last = heard.values;
  }
  const squares = values.reduce((sum, value, at) => sum + (value - (last[at] ?? NaN)) ** 2, 0);
  const own = values.reduce((sum, value) => sum + value ** 2, 0);
  const speed = (milliseconds: number) => (4 * COUNT) / 1e3 / milliseconds;
  return {
    codec: codec.name,
    ratio: (4 * COUNT) / size,
    encodeMBs: speed(encode),
    decodeMBs: speed(decode),
    bothMBs: speed(encode + decode),
    error: Math.sqrt(squares / own),
  };
}
