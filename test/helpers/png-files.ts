import { crc32, deflateSync } from 'node:zlib';

export interface PngFile {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 grey, 2 colours, 3 palette, 4 grey and 6 colours with opacity. */
  readonly colour: number;
  readonly interlaced?: boolean;
  /** Of each line, from 0 to 4. */
  readonly filter?: (line: number) => number;
  readonly palette?: readonly (readonly [number, number, number])[];
  /** A sample of a pixel as it stands in the file. */
  readonly sample: (x: number, y: number, channel: number) => number;
  /** How the camera was held, where the file is to say so. */
  readonly orientation?: number;
  readonly more?: readonly (readonly [name: string, data: Uint8Array])[];
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const ADAM7 = [0x0088, 0x4088, 0x0448, 0x2044, 0x0224, 0x1022, 0x0112].map((pass) =>
  [12, 8, 4, 0].map((shift) => (pass >> shift) & 15),
);

/** A PNG of any kind the format has, which no encoder at hand writes. */
export function pngFile(file: PngFile): Uint8Array {
  const { width, height, depth, colour, interlaced = false, palette, orientation, more = [] } = file;
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  [depth, colour, 0, 0, Number(interlaced)].forEach((value, i) => head.setUint8(8 + i, value));
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1]];
  const lines = passes.flatMap(([x0 = 0, y0 = 0, dx = 1, dy = 1]) => passLines(file, x0, y0, dx, dy));
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', new Uint8Array(head.buffer)),
    ...more.map(([name, data]) => chunk(name, data)),
    ...(palette ? [chunk('PLTE', Uint8Array.from(palette.flat()))] : []),
    ...(orientation === undefined ? [] : [chunk('eXIf', exifOf(orientation))]),
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** Exif data that say how the camera was held, in either order of bytes. */
export function exifOf(orientation: number, little = true): Uint8Array {
  const view = new DataView(new ArrayBuffer(38));
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 2, little);
  // Another field comes first: the width.
  [0x0100, 0x0112].forEach((tag, i) => {
    view.setUint16(10 + 12 * i, tag, little);
    view.setUint16(12 + 12 * i, 3, little);
    view.setUint32(14 + 12 * i, 1, little);
    view.setUint16(18 + 12 * i, i === 0 ? 7 : orientation, little);
  });
  return new Uint8Array(view.buffer);
}

/** A JPEG with Exif data in it. */
export function withExif(jpeg: Uint8Array, exif: Uint8Array): Uint8Array {
  const length = 2 + 6 + exif.length;
  const head = Uint8Array.of(0xff, 0xe1, length >> 8, length & 255, 0x45, 0x78, 0x69, 0x66, 0, 0);
  return Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]);
}

function passLines(file: PngFile, x0: number, y0: number, dx: number, dy: number): Uint8Array[] {
  const { width, height, depth, colour, sample, filter = () => 0 } = file;
  const channels = CHANNELS[colour] ?? 1;
  const [w, h] = [Math.ceil((width - x0) / dx), Math.ceil((height - y0) / dy)];
  if (w <= 0 || h <= 0) return [];
  const step = Math.max(1, (depth * channels) >> 3);
  let before = new Uint8Array(Math.ceil((w * channels * depth) / 8));
  return Array.from({ length: h }, (_, row) => {
    const line = new Uint8Array(before.length);
    for (let i = 0; i < w * channels; i++) {
      const value = sample(x0 + Math.floor(i / channels) * dx, y0 + row * dy, i % channels);
      if (depth === 16) line.set([value >> 8, value & 255], 2 * i);
      else {
        const bit = i * depth;
        line[bit >> 3] = (line[bit >> 3] ?? 0) | (value << (8 - depth - (bit & 7)));
      }
    }
    const kind = filter(row);
    const written = filtered(line, before, kind, step);
    before = line;
    return Uint8Array.of(kind, ...written);
  });
}

function filtered(line: Uint8Array, before: Uint8Array, kind: number, step: number): Uint8Array {
  return line.map((value, i) => {
    const [a, b, c] = [line[i - step] ?? 0, before[i] ?? 0, before[i - step] ?? 0];
    const p = a + b - c;
    const nearest = [a, b, c].reduce((best, each) => (Math.abs(p - each) < Math.abs(p - best) ? each : best));
    return value - ([0, a, b, Math.floor((a + b) / 2), nearest][kind] ?? 0);
  });
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, data.length);
  frame.setUint32(4, crc32(body));
  return Buffer.concat([new Uint8Array(frame.buffer, 0, 4), body, new Uint8Array(frame.buffer, 4, 4)]);
}
