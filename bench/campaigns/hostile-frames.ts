import type { Contract } from '../../shared/contract.js';
import { ndarray, type NdArray } from '../../shared/ndarray.js';
import { PREFIX_BYTES } from '../../shared/protocol/frame.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import { createRng, type Rng } from '../../shared/rng.js';

/** Makes frames that no client of good will sends: the same for the same seed. */
export class HostileFrames {
  private readonly rng: Rng;

  constructor(
    seed: string,
    /** Frames in good order, which are damaged. */
    private readonly originals: readonly Uint8Array[],
    private readonly contract: Contract,
  ) {
    this.rng = createRng('hostile frames', seed);
  }

  next(): Uint8Array {
    const kind = this.rng.int(10);
    if (kind < 6) return this.damaged(this.pick(this.originals));
    if (kind < 7) return this.noise();
    if (kind < 9) return this.hostileHeader();
    return this.oddStep();
  }

  /** One to three wounds, and then often honest lengths again, so that more than the prefix's checks are reached. */
  private damaged(original: Uint8Array): Uint8Array {
    const { rng } = this;
    let bytes: Uint8Array = original.slice();
    for (let wounds = 1 + rng.int(3); wounds > 0; wounds--) {
      const at = rng.int(bytes.length);
      const length = 1 + rng.int(9);
      switch (rng.int(6)) {
        case 0:
          bytes[at] = rng.int(256);
          break;
        case 1:
          bytes[at] = (bytes[at] ?? 0) ^ (1 << rng.int(8));
          break;
        case 2:
          bytes = joined(bytes.subarray(0, at), bytes.subarray(at + length));
          break;
        case 3:
          bytes = joined(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at));
          break;
        case 4:
          for (let i = at; i < Math.min(at + length, bytes.length); i++) bytes[i] = rng.int(256);
          break;
        default:
          // The head of one message with the end of another.
          bytes = joined(bytes.subarray(0, at), this.pick(this.originals).subarray(at));
      }
      if (bytes.length <= PREFIX_BYTES) break;
      if (rng.int(3) > 0) repairLengths(bytes, rng.int(5) === 0 ? rng.int(9) : 0);
    }
    return bytes;
  }

  private noise(): Uint8Array {
    const bytes = new Uint8Array(this.rng.int(120));
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.rng.int(256);
    if (this.rng.int(2) === 0) return bytes;
    return framed(this.rng.int(24), bytes, new Uint8Array(this.rng.int(9)));
  }

  /** MessagePack that is meant to hurt: deep, wide, of types that are not allowed, with names that mean something. */
  private hostileHeader(): Uint8Array {
    const { rng } = this;
    const text = (value: string) => joined(Uint8Array.of(0xa0 | Math.min(value.length, 31)), ascii(value.slice(0, 31)));
    const names = ['__proto__', 'constructor', 'step', 'tensors', 'toString', 'labels', 'shard', 'role', 'type', ''];
    const name = () => text(this.pick(names));
    const pieces: (() => Uint8Array)[] = [
      () => Uint8Array.from({ length: 1 + rng.int(200) }, () => (rng.int(2) ? 0x81 : 0x91)),
      () => joined(Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff), name(), Uint8Array.of(rng.int(256))),
      () => joined(Uint8Array.of(0xdd, 0x7f, 0xff, 0xff, 0xff), Uint8Array.of(rng.int(128))),
      () => joined(Uint8Array.of(0xdb, 0xff, 0xff, 0xff, rng.int(256)), ascii('x')),
      () => joined(Uint8Array.of(0x81), name(), Uint8Array.of(0xc7, rng.int(256), rng.int(256)), ascii('abc')),
      () => joined(Uint8Array.of(0x81), name(), Uint8Array.of(0xd4 + rng.int(5), 0x72), ascii('record')),
      () => joined(Uint8Array.of(0x82), name(), Uint8Array.of(1), name(), Uint8Array.of(rng.int(256))),
      () => joined(Uint8Array.of(0x81), text('tensors'), this.shape()),
      () => joined(Uint8Array.of(0xc1, 0xff, 0x00), Uint8Array.of(rng.int(256))),
      () => new Uint8Array(1 + rng.int(4095)).fill(0x80),
    ];
    return framed(1 + rng.int(20), this.pick(pieces)(), new Uint8Array(rng.int(64)));
  }

  /** A list with one tensor's dtype and shape: huge, negative, fractional or of many dimensions. */
  private shape(): Uint8Array {
    const { rng } = this;
    const rank = rng.int(12);
    const lengths = Array.from({ length: rank }, () =>
      this.pick([
        Uint8Array.of(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
        Uint8Array.of(0xce, 0x7f, 0xff, 0xff, 0xff),
        Uint8Array.of(0xd0, 0x80),
        Uint8Array.of(0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0),
        Uint8Array.of(0xca, 0x7f, 0xc0, 0, 0),
        Uint8Array.of(0),
        Uint8Array.of(rng.int(128)),
      ]),
    );
    return joined(Uint8Array.of(0x91, 0x90 | (rank + 1), rng.int(4)), ...lengths);
  }

  /** A message in good order whose numbers are not: it reaches the contract and the session. */
  private oddStep(): Uint8Array {
    const { rng } = this;
    const rows = rng.int(this.contract.maxRows + 3);
    const odd = () => this.pick([NaN, Infinity, -Infinity, 3.4e38, -0, 1e-45, rng.float()]);
    const tensors = this.contract.tensors.map(({ dtype, shape }) =>
      this.array(dtype, [rows, ...shape.map((n) => n ?? 3)], odd),
    );
    const label = () => this.pick([-1, 0, 1, 2 ** 31 - 1, -(2 ** 31), rng.int(10)]);
    const labels = this.contract.labels.map(({ dtype, shape }) =>
      this.array(dtype, [rows, ...shape.map((n) => n ?? 3)], label),
    );
    const step = this.pick([1, 2, 3, 7, 999_999_937, 1_000_000_000]);
    return rng.int(2) === 0
      ? encodeMessage({ type: 'smashed', step, tensors, labels: rng.int(4) === 0 ? [] : labels })
      : encodeMessage({ type: 'query', id: step, tensors, labels });
  }

  private array(dtype: NdArray['dtype'], shape: number[], value: () => number): NdArray {
    const kinds = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
    const data = new kinds[dtype](shape.reduce((size, length) => size * length, 1));
    if (data.length > 0) data[this.rng.int(data.length)] = value();
    return ndarray(dtype, shape, data);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.rng.int(list.length)] as T;
  }
}

function framed(type: number, header: Uint8Array, payload: Uint8Array): Uint8Array {
  const bytes = joined(ascii('TNDM'), new Uint8Array(8), header, payload);
  // The version of whatever is spoken today stands in every frame in good order.
  bytes[4] = encodeMessage({ type: 'bye' })[4] ?? 0;
  bytes[5] = type;
  const view = new DataView(bytes.buffer);
  view.setUint16(6, header.length, true);
  view.setUint32(8, payload.length, true);
  return bytes;
}

function repairLengths(bytes: Uint8Array, shift: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const header = Math.min(view.getUint16(6, true) + shift, bytes.length - PREFIX_BYTES);
  view.setUint16(6, header, true);
  view.setUint32(8, bytes.length - PREFIX_BYTES - header, true);
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
