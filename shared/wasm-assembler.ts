/** Just enough of WebAssembly's binary format for one function that loops over a memory. */

export type WasmType = 'i32' | 'f32' | 'f64' | 'v128';

const types: Record<WasmType, number> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** A piece of a function's body. */
export type Code = readonly number[];

const simd = (opcode: number): Code => [0xfd, ...leb(opcode)];

/** f32x4 operators, each taking its operands from the stack. */
export const splat = simd(0x13);
export const absolute = simd(0xe0);
export const squareRoot = simd(0xe3);
export const plus = simd(0xe4);
export const minus = simd(0xe5);
export const times = simd(0xe6);
export const over = simd(0xe7);

/** All bits of a lane set where the first operand's is less than the second's; a NaN is less than nothing. */
export const less = simd(0x43);
/** The bits of the first operand that the second has not. */
export const without = simd(0x4f);

/** The other operand where that is less, or larger, and this one otherwise. */
export const lesser = simd(0xea);
export const larger = simd(0xeb);

/** i32x4 operators. */
export const splatWhole = simd(0x11);
export const plusWhole = simd(0xae);
export const minusWhole = simd(0xb1);
export const timesWhole = simd(0xb5);
export const wholeToFloat = simd(0xfa);

/** i16x8 operators. */
export const bytesToHalves = simd(0x89);
export const halvesRight = simd(0x8d);
export const halvesLeft = simd(0x8b);
export const bitsOfBoth = simd(0x4e);
export const bitsOfEither = simd(0x50);
/** The lower four bytes as four whole numbers. */
export const bytesToWhole: Code = [...bytesToHalves, ...simd(0xa9)];

/** f64x2 operators; those that convert take the lower two lanes of four, or leave the upper two zero. */
export const splatDouble = simd(0x14);
export const plusDouble = simd(0xf0);
export const timesDouble = simd(0xf2);
export const wholeToDouble = simd(0xfe);
export const floatToDouble = simd(0x5f);
export const doubleToWhole = simd(0xfc);

/** Bytes of two operands, by their places: 0 to 15 of the first, 16 to 31 of the second. */
export function pick(places: readonly number[]): Code {
  return [...simd(0x0d), ...places];
}

/** Four whole numbers. */
export function wholes(values: readonly number[]): Code {
  return [...simd(0x0c), ...new Uint8Array(Int32Array.from(values).buffer)];
}

export function float(value: number): Code {
  return [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];
}

/** 16 bytes at an address; `offset` is in bytes. */
export function load(address: Code, offset = 0): Code {
  return [...address, ...simd(0x00), 4, ...leb(offset)];
}

export function store(address: Code, value: Code, offset = 0): Code {
  return [...address, ...value, ...simd(0x0b), 4, ...leb(offset)];
}

/** The four or eight bytes at an address in all lanes of their size. */
export function loadFloatInAll(address: Code, offset = 0): Code {
  return [...address, ...simd(0x09), 2, ...leb(offset)];
}

export function loadDoubleInAll(address: Code, offset = 0): Code {
  return [...address, ...simd(0x0a), 3, ...leb(offset)];
}

/** Four bytes at an address, and zeros. */
export function loadFour(address: Code): Code {
  return [...address, ...simd(0x5c), 2, 0];
}

export function loadEight(address: Code): Code {
  return [...address, ...simd(0x5d), 3, 0];
}

export function whole(value: number): Code {
  return [0x41, ...signedLeb(value)];
}

/** The lowest four bytes. */
export function storeFour(address: Code, value: Code): Code {
  return [...address, ...value, ...simd(0x5a), 0, 0, 0];
}

/** The lowest eight bytes. */
export function storeEight(address: Code, value: Code): Code {
  return [...address, ...value, ...simd(0x5b), 0, 0, 0];
}

export function get(local: number): Code {
  return [0x20, ...leb(local)];
}

export function set(local: number, value: Code): Code {
  return [...value, 0x21, ...leb(local)];
}

/** Adds an integer to an i32 local. */
export function increase(local: number, by: number): Code {
  return set(local, [...get(local), ...whole(by), 0x6a]);
}

/** Repeats the body while the i32 local is not 0; the body runs at least once. */
export function repeatWhile(local: number, body: Code): Code {
  return [0x03, 0x40, ...body, ...get(local), 0x0d, 0x00, 0x0b];
}

/** A memory, and what `run` of each module is on it. */
export interface Assembled {
  readonly buffer: ArrayBuffer;
  readonly functions: readonly unknown[];
}

/** Modules on a new memory of so many pages of 64 kB; undefined where there is no WebAssembly, or none with vectors, or a page's policy forbids it. */
export function assembled(pages: number, modules: readonly Uint8Array[]): Assembled | undefined {
  const sources = modules as readonly Uint8Array<ArrayBuffer>[];
  try {
    if (!sources.every((bytes) => WebAssembly.validate(bytes))) return undefined;
    const memory = new WebAssembly.Memory({ initial: pages });
    const functions = sources.map(
      (bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports.run,
    );
    return { buffer: memory.buffer, functions };
  } catch {
    // A browser may have no WebAssembly, and a page's policy may forbid it: then there are other ways.
    return undefined;
  }
}

/** A module that imports `env.memory` and exports one function, `run`, without a result. */
export function assemble(parameters: readonly WasmType[], locals: readonly WasmType[], body: Code): Uint8Array {
  const type = [0x60, ...vector(parameters.map((name) => [types[name]])), 0x00];
  const memory = [...text('env'), ...text('memory'), 0x02, 0x00, 0x00];
  const declared = vector(locals.map((name) => [0x01, types[name]]));
  const code = [...declared, ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([type])),
    ...section(2, vector([memory])),
    ...section(3, vector([[0x00]])),
    ...section(7, vector([[...text('run'), 0x00, 0x00]])),
    ...section(10, vector([[...leb(code.length), ...code]])),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...leb(content.length), ...content];
}

function vector(items: readonly Code[]): Code {
  return [...leb(items.length), ...items.flat()];
}

function text(value: string): Code {
  const bytes = [...new TextEncoder().encode(value)];
  return [...leb(bytes.length), ...bytes];
}

/** Unsigned LEB128. */
function leb(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** Signed LEB128 of a 32-bit integer. */
function signedLeb(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x3f || rest < -0x40) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  bytes.push(rest & 0x7f);
  return bytes;
}
