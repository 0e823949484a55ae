import type { Picture } from './picture.js';
import { orientationIn } from './exif.js';

/** Channels of each colour type: grey, colours, places in a palette, grey and colours with opacity. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
/** Adam7: where each pass begins, and how far its pixels are apart. */
const PASSES = [
  [0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2],
] as const; // prettier-ignore
const MOST_PIXELS = 100_000_000;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

/**
 * Reads a PNG (ISO/IEC 15948), the same in Node and in every browser: a canvas would change numbers by its colour profile and
 * by opacity. Sixteen bits become eight by rounding, opacity stays beside the colours. Throws an Error that says what is broken.
 */
export async function decodePng(
  file: Uint8Array,
): Promise<{ readonly picture: Picture; readonly orientation: number }> {
  const chunks = chunksOf(file);
  const header = headerOf(chunks[0]);
  const only = (name: string) => chunks.filter((chunk) => chunk.name === name).map(({ data }) => data);
  const palette = only('PLTE')[0];
  if (header.colour === 3 && !palette) throw new Error('it has no palette');
  const passes = header.interlaced
    ? PASSES.map(([x, y, dx, dy]) => ({
        x,
        y,
        dx,
        dy,
        w: Math.ceil((header.width - x) / dx),
        h: Math.ceil((header.height - y) / dy),
      }))
    : [{ x: 0, y: 0, dx: 1, dy: 1, w: header.width, h: header.height }];
  const bits = header.depth * (CHANNELS[header.colour] ?? 1);
  const used = passes.filter(({ w, h }) => w > 0 && h > 0);
  const size = used.reduce((sum, { w, h }) => sum + h * (1 + Math.ceil((w * bits) / 8)), 0);
  const raw = await inflate(only('IDAT'), size);
  const picture = {
    width: header.width,
    height: header.height,
    data: new Uint8Array(4 * header.width * header.height),
  };
  const write = writer(header, palette, only('tRNS')[0], picture.data);
  let at = 0;
  for (const { x, y, dx, dy, w, h } of used) {
    const line = Math.ceil((w * bits) / 8);
    unfilter(raw, at, line, h, Math.max(1, bits >> 3));
    for (let row = 0; row < h; row++) {
      const samples = raw.subarray(at + 1, at + 1 + line);
      for (let i = 0; i < w; i++) write(samples, i, 4 * ((y + row * dy) * header.width + x + i * dx));
      at += 1 + line;
    }
  }
  const exif = only('eXIf')[0];
  return { picture, orientation: exif ? orientationIn(exif) : 1 };
}

interface Chunk {
  readonly name: string;
  readonly data: Uint8Array;
}

function chunksOf(file: Uint8Array): Chunk[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks: Chunk[] = [];
  for (let at = 8; chunks.at(-1)?.name !== 'IEND';) {
    const length = at + 12 <= file.length ? view.getUint32(at) : Infinity;
    if (at + 12 + length > file.length) throw new Error('it ends too early');
    const name = new TextDecoder('latin1').decode(file.subarray(at + 4, at + 8));
    // What is not needed to draw it may be broken.
    if (/^[A-Z]/.test(name) && crc(file.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length))
      throw new Error(`its part ${name} is broken`);
    chunks.push({ name, data: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function headerOf(chunk: Chunk | undefined): Header {
  if (chunk?.name !== 'IHDR' || chunk.data.length !== 13) throw new Error('it has no header');
  const view = new DataView(chunk.data.buffer, chunk.data.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, interlace] = [view.getUint8(8), view.getUint8(9), view.getUint8(12)];
  if (!DEPTHS[colour]?.includes(depth) || view.getUint16(10) !== 0 || interlace > 1)
    throw new Error(`it has colours of type ${colour} with ${depth} bits, which no PNG has`);
  if (width === 0 || height === 0 || width * height > MOST_PIXELS) throw new Error(`it is ${height} x ${width}`);
  return { width, height, depth, colour, interlaced: interlace === 1 };
}

/** Exactly so many bytes: a file that holds fewer is broken, one that holds more may be a bomb. */
async function inflate(parts: readonly Uint8Array[], size: number): Promise<Uint8Array> {
  const out = new Uint8Array(size);
  let at = 0;
  try {
    const blob = new Blob(parts as Uint8Array<ArrayBuffer>[]);
    const reader = blob.stream().pipeThrough(new DecompressionStream('deflate')).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > size) {
        await reader.cancel();
        at = Infinity;
        break;
      }
      out.set(value, at);
      at += value.length;
    }
  } catch {
    // Why is told otherwise by each platform, and below the same by all.
    at = -1;
  }
  if (at !== size) throw new Error('its pixels are broken');
  return out;
}

/** Each line is written as differences to its neighbours; puts the values in their place. */
function unfilter(raw: Uint8Array, start: number, line: number, lines: number, step: number): void {
  for (let row = 0; row < lines; row++) {
    const at = start + row * (line + 1);
    const filter = raw[at] ?? 0;
    if (filter > 4) throw new Error('its pixels are broken');
    if (filter === 0) continue;
    for (let i = at + 1; i <= at + line; i++) {
      const left = i > at + step ? (raw[i - step] ?? 0) : 0;
      const above = row > 0 ? (raw[i - line - 1] ?? 0) : 0;
      const corner = row > 0 && i > at + step ? (raw[i - line - 1 - step] ?? 0) : 0;
      raw[i] = (raw[i] ?? 0) + guess(filter, left, above, corner);
    }
  }
}

function guess(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const a = Math.abs(above - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + above - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

type Write = (samples: Uint8Array, pixel: number, to: number) => void;

function writer(
  { depth, colour }: Header,
  palette: Uint8Array | undefined,
  opacity: Uint8Array | undefined,
  out: Uint8Array,
): Write {
  const channels = CHANNELS[colour] ?? 1;
  const most = 2 ** depth - 1;
  /** A sample as it stands. */
  const sample = (samples: Uint8Array, index: number) => {
    if (depth === 8) return samples[index] ?? 0;
    if (depth === 16) return ((samples[2 * index] ?? 0) << 8) | (samples[2 * index + 1] ?? 0);
    const bit = index * depth;
    return ((samples[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & most;
  };
  const byte = (value: number) => (depth === 8 ? value : Math.round((value * 255) / most));
  if (colour === 3) {
    return (samples, pixel, to) => {
      const place = sample(samples, pixel);
      if (3 * place + 2 >= (palette?.length ?? 0)) throw new Error('a pixel has a colour that its palette lacks');
      for (let c = 0; c < 3; c++) out[to + c] = palette?.[3 * place + c] ?? 0;
      out[to + 3] = opacity?.[place] ?? 255;
    };
  }
  const hasOpacity = colour === 4 || colour === 6;
  return (samples, pixel, to) => {
    const value = (c: number) => byte(sample(samples, pixel * channels + c));
    for (let c = 0; c < 3; c++) out[to + c] = value(channels > 2 ? c : 0);
    out[to + 3] = hasOpacity ? value(channels - 1) : 255;
  };
}

const CRCS = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let i = 0; i < 8; i++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (CRCS[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}
