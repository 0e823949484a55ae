import { Packr, Unpackr } from '#msgpackr';
import { TandemError } from '../errors.js';

/** Headers are msgpack maps. They are scanned before they are decoded: a decoder trusts lengths and runs extensions. */
export const MAX_DEPTH = 4;
/** Two lists of as many tensors of as many dimensions as there may be are 320. */
export const MAX_ITEMS = 384;

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

export type Header = Readonly<Record<string, unknown>>;

export function encodeHeader(header: Header): Uint8Array {
  return Uint8Array.from(packr.pack(header));
}

/** Throws BAD_FRAME for anything but one map of plain values. */
export function decodeHeader(bytes: Uint8Array): Header {
  const end = new Scanner(bytes).value(0, 0);
  if (end !== bytes.length) throw new TandemError('BAD_FRAME', `the header ends at byte ${end} of ${bytes.length}`);
  const first = bytes[0] ?? 0;
  if ((first & 0xf0) !== 0x80 && first !== 0xde && first !== 0xdf) {
    throw new TandemError('BAD_FRAME', 'the header is not a map');
  }
  try {
    return unpackr.unpack(bytes) as Header;
  } catch {
    throw new TandemError('BAD_FRAME', 'the header is not valid msgpack');
  }
}

/** Walks the structure without building anything. */
class Scanner {
  private items = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Returns where the value that begins at `at` ends. */
  value(at: number, depth: number): number {
    if (depth > MAX_DEPTH) throw new TandemError('BAD_FRAME', `the header nests deeper than ${MAX_DEPTH}`);
    if (++this.items > MAX_ITEMS) throw new TandemError('BAD_FRAME', `the header has more than ${MAX_ITEMS} items`);
    const tag = this.read(at, 1);
    if (tag <= 0x7f || tag >= 0xe0) return at + 1;
    if (tag <= 0x8f) return this.children(at + 1, 2 * (tag & 0x0f), depth);
    if (tag <= 0x9f) return this.children(at + 1, tag & 0x0f, depth);
    if (tag <= 0xbf) return this.past(at + 1, tag & 0x1f);
    return this.tagged(tag, at + 1, depth);
  }

  private tagged(tag: number, at: number, depth: number): number {
    switch (tag) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return at;
      case 0xca: // float 32
      case 0xce: // uint 32
      case 0xd2: // int 32
        return this.past(at, 4);
      case 0xcb: // float 64
      case 0xcf: // uint 64
      case 0xd3: // int 64
        return this.past(at, 8);
      case 0xcc: // uint 8
      case 0xd0: // int 8
        return this.past(at, 1);
      case 0xcd: // uint 16
      case 0xd1: // int 16
        return this.past(at, 2);
      case 0xd9: // str 8
        return this.past(at + 1, this.read(at, 1));
      case 0xda: // str 16
        return this.past(at + 2, this.read(at, 2));
      case 0xdc: // array 16
        return this.children(at + 2, this.read(at, 2), depth);
      case 0xde: // map 16
        return this.children(at + 2, 2 * this.read(at, 2), depth);
      default:
        throw new TandemError(
          'BAD_FRAME',
          `the header holds the msgpack type 0x${tag.toString(16)}, which is not allowed`,
        );
    }
  }

  private children(at: number, count: number, depth: number): number {
    let end = at;
    for (let i = 0; i < count; i++) end = this.value(end, depth + 1);
    return end;
  }

  private past(at: number, length: number): number {
    if (at + length > this.bytes.length) throw new TandemError('BAD_FRAME', 'the header ends in the middle of a value');
    return at + length;
  }

  private read(at: number, width: 1 | 2): number {
    this.past(at, width);
    return width === 1 ? this.view.getUint8(at) : this.view.getUint16(at);
  }
}
