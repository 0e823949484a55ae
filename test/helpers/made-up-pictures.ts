import { encode } from 'jpeg-js';
import { createRng, type Rng } from '../../shared/rng.js';
import { pick, type Truth } from './made-up-tables.js';
import { exifOf, pngFile, withExif } from './png-files.js';

export interface MadeUpFolder {
  readonly kind: 'pictures';
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly size: readonly [number, number];
  readonly channels: 1 | 3;
  /** Rows are bytes of [height, width, channels], in the order of the names; `within` how far they may be off, for JPEG. */
  readonly truth: Truth<{ readonly bytes: readonly number[]; readonly within: number }>;
}

type Colour = readonly [number, number, number];
type Pixels = (x: number, y: number) => Colour;

interface Drawn {
  readonly file: Uint8Array;
  readonly isJpeg: boolean;
  /** What is seen, and how large. */
  readonly seen: Pixels;
  readonly width: number;
  readonly height: number;
}

const CLASSES = ['cats', 'dogs', 'Vögel', 'a b', '7', '10', 'café', 'x-1'];
const CLUTTER = [
  '.DS_Store',
  'Thumbs.db',
  '._1.png',
  '__MACOSX/cats/1.png',
  '@eaDir/1.jpg',
  'cats/.hidden/1.png',
  'notes.txt',
];

/** A folder of pictures by its seed: sizes, depths, kinds of colour, interlaced or not, orientations, formats, names. */
export function madeUpFolder(seed: number): MadeUpFolder {
  const rng = createRng('pictures', seed);
  const size = [1 + rng.int(12), 1 + rng.int(12)] as const;
  const channels = pick([1, 3] as const, rng);
  const classes = CLASSES.filter(() => rng.int(4) === 0);
  if (classes.length === 0) classes.push('cats', 'dogs');
  const files: Record<string, Uint8Array> = {};
  const known: { readonly className: string; readonly path: string; readonly drawn: Drawn }[] = [];
  for (const className of classes) {
    for (let i = 0; i <= rng.int(8); i++) {
      const drawn = draw(size, rng);
      const path = `${className}/${i}.${pick(drawn.isJpeg ? ['jpg', 'JPG', 'jpeg'] : ['png', 'PNG', 'Png'], rng)}`;
      files[path] = drawn.file;
      known.push({ className, path, drawn });
    }
  }
  CLUTTER.filter(() => rng.int(4) === 0).forEach((name) => (files[name] = Buffer.from('clutter')));
  const order = (a: string, b: string) => (a < b ? -1 : 1);
  known.sort((a, b) => order(a.className, b.className) || order(a.path, b.path));
  const names = [...new Set(known.map(({ className }) => className))].sort(order);
  const areNumbers = names.every((name) => /^\d+$/.test(name));
  const fault = rng.int(4) === 0 ? spoil(files, pick(known, rng).path, rng) : undefined;
  const labels = known.map(({ className }) => (areNumbers ? Number(className) : names.indexOf(className)));
  const rows = known.map(({ drawn }) => ({ bytes: bytesOf(drawn, size, channels), within: drawn.isJpeg ? 12 : 0 }));
  return {
    kind: 'pictures',
    files,
    size,
    channels,
    truth: fault === undefined ? { rows, labels } : { refusedFor: fault },
  };
}

function bytesOf({ seen }: Drawn, [height, width]: readonly [number, number], channels: number): number[] {
  return Array.from({ length: height * width }, (_, i) => {
    const [r, g, b] = seen(i % width, Math.floor(i / width));
    return channels === 3 ? [r, g, b] : [Math.round(0.299 * r + 0.587 * g + 0.114 * b)];
  }).flat();
}

/** One of the wanted size, or of one colour where it has to be brought to it; what is seen is known without reading it. */
function draw([height, width]: readonly [number, number], rng: Rng): Drawn {
  const orientation = rng.int(3) === 0 ? 1 + rng.int(8) : undefined;
  const isPlain = rng.int(4) === 0;
  const [h, w] = isPlain ? [1 + rng.int(25), 1 + rng.int(25)] : [height, width];
  const isJpeg = rng.int(3) === 0;
  const colour: Colour = [rng.int(256), rng.int(256), rng.int(256)];
  // Slow changes, which JPEG keeps nearly as they are.
  const ramp: Pixels = (x, y) => [40 + 3 * x + 5 * y, 60 + 3 * x + 5 * y, 50 + 3 * x + 5 * y];
  const wanted: Pixels = isPlain ? () => colour : isJpeg ? ramp : noise(rng);
  if (isJpeg) {
    const stored = turnedBack(wanted, w, h, orientation ?? 1);
    const rgba = Array.from({ length: stored.width * stored.height }, (_, i) => [
      ...stored.at(i % stored.width, Math.floor(i / stored.width)),
      255,
    ]).flat();
    const { data } = encode({ width: stored.width, height: stored.height, data: Buffer.from(rgba) }, 100);
    const file = orientation === undefined ? data : withExif(data, exifOf(orientation, rng.int(2) === 0));
    return { file, isJpeg, seen: wanted, width: w, height: h };
  }
  return { ...png(wanted, w, h, orientation, rng), isJpeg, width: w, height: h };
}

function noise(rng: Rng): Pixels {
  const seed = rng.int(1e6);
  return (x, y) => {
    const at = createRng(seed, x, y);
    return [at.int(256), at.int(256), at.int(256)];
  };
}

/** A PNG of some kind, and the colours that kind can keep of those wanted. */
function png(wanted: Pixels, width: number, height: number, orientation: number | undefined, rng: Rng) {
  const [colour, depth] = pick(
    [
      [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [2, 8], [2, 16], [3, 1], [3, 2], [3, 4], [3, 8], [4, 8], [4, 16], [6, 8], [6, 16],
    ] as const, // prettier-ignore
    rng,
  );
  const most = 2 ** depth - 1;
  const palette = Array.from(
    { length: Math.min(256, most + 1) },
    () => [rng.int(256), rng.int(256), rng.int(256)] as const,
  );
  const isGrey = colour === 0 || colour === 4;
  const place = (x: number, y: number) => wanted(x, y)[0] % palette.length;
  // Sixteen bits are not always 257 times eight.
  const stored16 = (value: number, x: number, y: number) => Math.min(65_535, value * 257 + ((x * 31 + y * 17) % 100));
  const raw = (x: number, y: number, c: number) => {
    const value = wanted(x, y)[isGrey ? 0 : c] ?? 0;
    return depth === 16 ? stored16(value, x, y) : depth === 8 ? value : value & most;
  };
  const seen: Pixels = (x, y) => {
    if (colour === 3) return palette[place(x, y)] ?? [0, 0, 0];
    const byte = (c: number) => Math.round((raw(x, y, c) * 255) / most);
    return [byte(0), byte(isGrey ? 0 : 1), byte(isGrey ? 0 : 2)];
  };
  const back = turnedBack((x, y) => [x, y, 0], width, height, orientation ?? 1);
  const opacity = rng.int(most + 1);
  const file = pngFile({
    width: back.width,
    height: back.height,
    depth,
    colour,
    interlaced: rng.int(2) === 0,
    filter: () => rng.int(5),
    ...(colour === 3 ? { palette } : {}),
    ...(orientation === undefined ? {} : { orientation }),
    // A canvas would mix a profile and a gamma into the numbers.
    more: rng.int(3) === 0 ? [['gAMA', Uint8Array.of(0, 0, 0x27, 0x10)] as const] : [],
    sample: (u, v, c) => {
      const [x, y] = back.at(u, v);
      if (colour === 3) return place(x, y);
      return c === (isGrey ? 1 : 3) ? opacity : raw(x, y, c);
    },
  });
  return { file, seen };
}

/** How a camera that was held so would have written a picture. */
function turnedBack(seen: Pixels, width: number, height: number, orientation: number) {
  const [w, h] = orientation > 4 ? [height, width] : [width, height];
  /** Where the pixel that is stored at (u, v) is seen. */
  const places: Readonly<Record<number, (u: number, v: number) => readonly [number, number]>> = {
    1: (u, v) => [u, v],
    2: (u, v) => [width - 1 - u, v],
    3: (u, v) => [width - 1 - u, height - 1 - v],
    4: (u, v) => [u, height - 1 - v],
    5: (u, v) => [v, u],
    6: (u, v) => [width - 1 - v, u],
    7: (u, v) => [width - 1 - v, height - 1 - u],
    8: (u, v) => [v, height - 1 - u],
  };
  const at = (u: number, v: number) => seen(...((places[orientation] ?? places[1])?.(u, v) ?? [u, v]));
  return { width: w, height: h, at };
}

/** Makes one mistake in a folder; answers which. */
function spoil(files: Record<string, Uint8Array>, path: string, rng: Rng): string {
  const file = files[path] ?? new Uint8Array();
  const faults: Record<string, () => unknown> = {
    'a file that is cut off': () => (files[path] = file.subarray(0, Math.floor(file.length / 2))),
    'a web page by the name of a picture': () => (files[path] = Buffer.from('<html></html>')),
    'a picture in no folder': () => (files['cover.png'] = file),
    'a picture that lies too deep': () => (files['cats/old/1.png'] = file),
    'a folder of a camera': () => (files['100CANON/IMG_1.JPG'] = file),
    'a picture of another format': () => (files['cats/2.heic'] = file),
    'no pictures': () => {
      for (const name of Object.keys(files)) delete files[name];
      files['notes.txt'] = Buffer.from('-');
    },
  };
  const name = pick(Object.keys(faults), rng);
  faults[name]?.();
  return name;
}
