import { describe, expect, it } from 'vitest';
import { TandemError } from '../../shared/errors.js';
import type { Transport } from '../../shared/transport/transport.js';

/** Two ends of a link under test. */
export interface TestPair {
  readonly left: Transport;
  readonly right: Transport;
}

/** What every transport promises; each runs all of it. */
export function transportConformance(name: string, open: () => Promise<TestPair>): void {
  describe(`transport conformance: ${name}`, () => {
    it.each([0, 1, 7, 65_537])('carries %i bytes as they are', async (length) => {
      const { left, right } = await open();
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 131 + 17) & 0xff);
      left.send(bytes);
      const received = await first(right);
      expect(received).toBeInstanceOf(Uint8Array);
      expect(Buffer.compare(received, bytes)).toBe(0);
      left.close();
    });

    it('keeps the order, in both directions at once', async () => {
      const { left, right } = await open();
      const count = 53;
      for (let i = 0; i < count; i++) {
        left.send(Uint8Array.of(i, 3));
        right.send(Uint8Array.of(i, 5));
      }
      const [toRight, toLeft] = await Promise.all([take(right, count), take(left, count)]);
      expect(toRight.map((bytes) => [...bytes])).toEqual(Array.from({ length: count }, (_, i) => [i, 3]));
      expect(toLeft.map((bytes) => [...bytes])).toEqual(Array.from({ length: count }, (_, i) => [i, 5]));
      left.close();
    });

    it('sends a view and nothing around it', async () => {
      const { left, right } = await open();
      left.send(Uint8Array.of(9, 9, 3, 1, 4, 9, 9).subarray(2, 5));
      expect([...(await first(right))]).toEqual([3, 1, 4]);
      left.close();
    });

    it.each(['left', 'right'] as const)('carries more than a kernel buffers, from the %s', async (from) => {
      const pair = await open();
      const [sender, receiver] = from === 'left' ? [pair.left, pair.right] : [pair.right, pair.left];
      const count = 13;
      for (let i = 0; i < count; i++) sender.send(new Uint8Array(1_048_573).fill(i * 17 + 1));
      const received = await take(receiver, count);
      received.forEach((bytes, i) => expect(bytes.every((byte) => byte === i * 17 + 1)).toBe(true));
      // Whoever reads may write over what it got, and whoever sent sees nothing of it.
      const sent = Uint8Array.of(3, 5, 7);
      sender.send(sent);
      (await first(receiver)).fill(11);
      expect([...sent]).toEqual([3, 5, 7]);
      pair.left.close();
    });

    it.each(['left', 'right'] as const)('ends both iterations when the %s closes in good order', async (closer) => {
      const pair = await open();
      pair.left.send(Uint8Array.of(7));
      pair.right.send(Uint8Array.of(5));
      pair[closer].close();
      const [atLeft, atRight] = await Promise.all([drain(pair.left), drain(pair.right)]);
      expect([atLeft.error, atRight.error]).toEqual([undefined, undefined]);
      // What was sent before the close still arrives.
      const other = closer === 'left' ? atRight : atLeft;
      expect(other.frames.map((bytes) => [...bytes])).toEqual([[closer === 'left' ? 7 : 5]]);
    });

    it.each(['left', 'right'] as const)('shows both ends the status and reason the %s closed with', async (closer) => {
      const pair = await open();
      pair[closer].close(4_404, 'BAD_SHAPE');
      for (const { error } of await Promise.all([drain(pair.left), drain(pair.right)])) {
        expect(error).toMatchObject({ code: 'LINK_LOST' });
        expect(error?.message).toMatch(/BAD_SHAPE.*4404/);
      }
    });

    it('takes the first of two closes', async () => {
      const { left, right } = await open();
      left.close(4_406, 'BAD_LABEL');
      left.close();
      expect((await drain(right)).error?.message).toMatch(/4406/);
    });

    it('throws LINK_LOST at whoever sends after closing', async () => {
      const { left, right } = await open();
      left.close();
      expect(() => left.send(Uint8Array.of(3))).toThrow(expect.objectContaining({ code: 'LINK_LOST' }));
      expect((await drain(right)).frames).toEqual([]);
    });

    it('throws LINK_LOST at whoever sends after the other side has closed', async () => {
      const { left, right } = await open();
      left.close();
      await drain(right);
      expect(() => right.send(Uint8Array.of(3))).toThrow(expect.objectContaining({ code: 'LINK_LOST' }));
    });

    it('takes any number of messages that come at once', async () => {
      const { left, right } = await open();
      const count = 3_001;
      for (let i = 0; i < count; i++) left.send(Uint8Array.of(i, i >> 8));
      left.close();
      const { frames, error } = await drain(right);
      expect(error).toBeUndefined();
      expect(frames.map(([low = 0, high = 0]) => low + 256 * high)).toEqual(Array.from({ length: count }, (_, i) => i));
    });

    it('has no room while the other side does not read, and has it again once it does', async () => {
      const { left, right } = await open();
      // More than a kernel buffers, unless there is room for a few messages only.
      const bytes = new Uint8Array(65_537);
      let sent = 0;
      for (; left.hasRoom && sent < 2_000; sent++) {
        left.send(bytes);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(left.hasRoom).toBe(false);
      let calls = 0;
      const room = new Promise<void>((resolve) => left.onRoom(() => resolve(void calls++)));
      expect(calls).toBe(0);
      const received = take(right, sent);
      await room;
      expect(left.hasRoom).toBe(true);
      expect(await received).toHaveLength(sent);
      expect(calls).toBe(1);
      left.close();
    });

    it('does not leave who waits for room waiting when the link ends', async () => {
      const { left, right } = await open();
      for (let i = 0; left.hasRoom && i < 2_000; i++) {
        left.send(new Uint8Array(65_537));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const called = new Promise<void>((resolve) => left.onRoom(resolve));
      left.close(4_421, 'LINK_LOST');
      void drain(right);
      await called;
      await new Promise<void>((resolve) => left.onRoom(resolve));
    });
  });
}

export async function first(transport: Transport): Promise<Uint8Array> {
  const [bytes] = await take(transport, 1);
  return bytes ?? new Uint8Array();
}

export async function take(transport: Transport, count: number): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const bytes of transport.frames()) {
    frames.push(bytes);
    if (frames.length === count) break;
  }
  return frames;
}

/** Reads to the end, whatever end it is. */
export async function drain(transport: Transport): Promise<{ frames: Uint8Array[]; error: TandemError | undefined }> {
  const frames: Uint8Array[] = [];
  try {
    for await (const bytes of transport.frames()) frames.push(bytes);
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    return { frames, error };
  }
  return { frames, error: undefined };
}
