import { describe, expect, it } from 'vitest';
import { PREFIX_BYTES } from '../../shared/protocol/frame.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import { createRng } from '../../shared/rng.js';
import { fromHex, readGoldenFrames } from './golden.js';
import { read, refusalOf } from './reading.js';

const frames = readGoldenFrames().map(({ name, hex }) => ({ name, bytes: fromHex(hex) }));
const seed = process.env.TANDEM_SEED ?? '20210607';
const FUZZED_FRAMES = 20_000;

describe('damaged frames', () => {
  it.each(frames)('$name: cut off anywhere, it is refused', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(refusalOf(bytes.subarray(0, length)), `cut to ${length} bytes`).toBe('BAD_FRAME');
    }
  });

  it.each(frames)('$name: with bytes after its end, it is refused', ({ bytes }) => {
    const longer = new Uint8Array(bytes.length + 3);
    longer.set(bytes);
    expect(refusalOf(longer)).toBe('BAD_FRAME');
  });

  it.each(frames)('$name: with any bit of prefix or header flipped, it is a message or refused', ({ bytes }) => {
    const { length } = bytes.subarray(0, PREFIX_BYTES + headerLength(bytes));
    for (let at = 0; at < length; at++) {
      for (let bit = 0; bit < 8; bit++) reads(flipped(bytes, at, 1 << bit));
      reads(flipped(bytes, at, 0xff));
    }
  });

  it.each(frames)('$name: with any bit of the payload flipped, it is still a message', ({ bytes }) => {
    for (let at = PREFIX_BYTES + headerLength(bytes); at < bytes.length; at++) {
      expect(read(flipped(bytes, at, 0x81)), `byte ${at} flipped`).toHaveProperty('message');
    }
  });

  it(`${FUZZED_FRAMES} frames with random damage are messages or refused (TANDEM_SEED=${seed})`, () => {
    const rng = createRng('fuzz', seed);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < FUZZED_FRAMES; i++) {
      const original = frames[rng.int(frames.length)]?.bytes ?? new Uint8Array();
      const bytes = damaged(original, rng);
      let outcome;
      try {
        outcome = refusalOf(bytes);
      } catch (error) {
        throw new Error(`TANDEM_SEED=${seed}, frame ${i}: ${Buffer.from(bytes).toString('hex')}`, { cause: error });
      }
      const kind = outcome.startsWith('accepted') ? 'accepted' : outcome;
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }
    // The damage must reach every check, or this test tests nothing.
    expect([...outcomes.keys()].sort()).toEqual(['BAD_FRAME', 'BAD_MESSAGE', 'BAD_VERSION', 'TOO_LARGE', 'accepted']);
    expect(Math.min(...outcomes.values())).toBeGreaterThan(50);
  });

  it(`${FUZZED_FRAMES} runs of random bytes are refused (TANDEM_SEED=${seed})`, () => {
    const rng = createRng('noise', seed);
    for (let i = 0; i < FUZZED_FRAMES; i++) {
      const bytes = Uint8Array.from({ length: rng.int(71) }, () => rng.int(256));
      expect(refusalOf(bytes), `TANDEM_SEED=${seed}, bytes ${i}: ${bytes.join()}`).toBe('BAD_FRAME');
    }
  });
});

/** Reads the bytes; a message that comes out must survive being written and read again. */
function reads(bytes: Uint8Array): void {
  const outcome = read(bytes);
  if ('message' in outcome) expect(decodeMessage(encodeMessage(outcome.message))).toStrictEqual(outcome.message);
}

function headerLength(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(6, true);
}

function flipped(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}

/** One to three wounds: bytes replaced, a slice removed, repeated or filled, lengths changed. */
function damaged(original: Uint8Array, rng: ReturnType<typeof createRng>): Uint8Array {
  let bytes = Array.from(original);
  const wounds = 1 + rng.int(3);
  for (let i = 0; i < wounds; i++) {
    const at = rng.int(bytes.length + 1);
    const length = 1 + rng.int(9);
    switch (rng.int(5)) {
      case 0:
        bytes[Math.min(at, bytes.length - 1)] = rng.int(256);
        break;
      case 1:
        bytes.splice(at, length);
        break;
      case 2:
        bytes.splice(at, 0, ...bytes.slice(at, at + length));
        break;
      case 3:
        bytes = bytes.map((byte, j) => (j >= at && j < at + length ? rng.int(256) : byte));
        break;
      default:
        if (bytes.length > PREFIX_BYTES) bytes[PREFIX_BYTES + rng.int(bytes.length - PREFIX_BYTES)] = rng.int(256);
    }
    // With honest lengths more of the damage reaches the header's and the fields' own checks.
    if (rng.int(3) > 0 && bytes.length > PREFIX_BYTES) repairLengths(bytes, rng.int(5) === 0 ? rng.int(9) : 0);
  }
  return Uint8Array.from(bytes);
}

function repairLengths(bytes: number[], shift: number): void {
  const header = Math.min(((bytes[6] ?? 0) | ((bytes[7] ?? 0) << 8)) + shift, bytes.length - PREFIX_BYTES);
  const payload = bytes.length - PREFIX_BYTES - header;
  [bytes[6], bytes[7]] = [header & 0xff, header >> 8];
  [bytes[8], bytes[9], bytes[10], bytes[11]] = [payload & 0xff, (payload >> 8) & 0xff, 0, 0];
}
