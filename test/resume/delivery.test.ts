import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newDelivery, position, receive, resume, send, settle, type Delivery } from '../../shared/session/delivery.js';
import { digestText, extend, noDigest } from '../../shared/session/digest.js';

const message = (number: number) => Uint8Array.of(number, 3, 5 * number, 7, 11);

/** A side that has sent and received so many messages. */
function after(sent: number, received = 0): Delivery {
  let delivery = newDelivery;
  for (let number = 1; number <= sent; number++) delivery = send(delivery, message(number), 0);
  for (let number = 1; number <= received; number++) delivery = receive(delivery, message(100 + number));
  return delivery;
}

/** How far somebody is who has received so many of those messages. */
const received = (count: number) => {
  let digest = noDigest;
  for (let number = 1; number <= count; number++) digest = extend(digest, message(number));
  return { received: count, digest: digestText(digest) };
};

describe('delivery', () => {
  it('keeps what was sent until it is settled', () => {
    const delivery = settle(after(7), 4);
    expect(delivery.kept.map(({ number }) => number)).toEqual([5, 6, 7]);
    expect(settle(delivery, 4)).toBe(delivery);
    expect(settle(delivery, 3)).toBe(delivery);
    expect(settle(delivery, 7).kept).toEqual([]);
    expect(() => settle(delivery, 8)).toThrow(expect.objectContaining({ code: 'BAD_STATE' }));
  });

  it.each([3, 4, 6, 7])('sends again what a side lacks that has received %i of 7', (count) => {
    const { missing, delivery } = resume(settle(after(7), 3), received(count));
    expect(missing.map(({ number }) => number)).toEqual([4, 5, 6, 7].filter((number) => number > count));
    expect(missing.map(({ bytes }) => [...bytes])).toEqual(missing.map(({ number }) => [...message(number)]));
    expect(delivery.ahead).toBeNull();
  });

  it('cannot send again what was settled', () => {
    expect(() => resume(settle(after(7), 3), received(2))).toThrow(expect.objectContaining({ code: 'SESSION_LOST' }));
  });

  it.each([3, 5, 7])('notices that the other side has received another message among %i', (count) => {
    const theirs = { ...received(count), digest: '0f9a3c5e7b2d4681' };
    expect(() => resume(settle(after(7), 3), theirs)).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  });

  it('after going back, computes again what the other side has, and compares it', () => {
    let { delivery } = resume(after(3), received(5));
    expect(delivery.ahead).toEqual(received(5));
    delivery = send(delivery, message(4), 0);
    expect(delivery.ahead).not.toBeNull();
    expect(() => send(delivery, message(6), 0)).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    expect(send(delivery, message(5), 0).ahead).toBeNull();
  });

  it('lets the other side settle what is yet to be computed again', () => {
    const { delivery } = resume(after(3), received(5));
    expect(settle(delivery, 5).kept).toEqual([]);
    expect(() => settle(delivery, 6)).toThrow(expect.objectContaining({ code: 'BAD_STATE' }));
  });

  it('counts what it has received', () => {
    expect(position(after(2, 3))).toMatchObject({ received: 3 });
    expect(position(after(2, 0))).toEqual(received(0));
  });
});

describe('the digest of messages', () => {
  const file = new URL('../vectors/digests.json', import.meta.url);
  const lists = [
    [],
    [''],
    ['00'],
    ['0000', '00'],
    ['544e444d', '030d0700'],
    ['0102030405060708090a0b'],
    ['ff', 'fe', 'fd'],
    // Long enough for sums beyond 32 bits.
    [Buffer.from(Uint8Array.from({ length: 90 }, (_, i) => (i * i * 37 + 5) & 0xff)).toString('hex'), '07'],
  ];
  const digestOf = (list: readonly string[]) =>
    digestText(list.reduce((digest, hex) => extend(digest, Uint8Array.from(Buffer.from(hex, 'hex'))), noDigest));

  it('is the one of the examples', () => {
    const examples = lists.map((messages) => ({ messages, digest: digestOf(messages) }));
    if (process.env.UPDATE_VECTORS || !existsSync(file)) writeFileSync(file, `${JSON.stringify(examples, null, 2)}\n`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(examples);
  });

  it('differs for other bytes, another order, other borders, and is the same wherever the bytes lie', () => {
    const digests = [...lists, ['00', '0000'], ['000000'], ['fe', 'ff', 'fd']].map(digestOf);
    expect(new Set(digests).size).toBe(digests.length);
    const bytes = Uint8Array.from({ length: 331 }, (_, i) => (i * 131) & 0xff);
    const all = new Uint8Array(340);
    for (let at = 0; at < 8; at++) {
      all.set(bytes, at);
      expect(extend(noDigest, all.subarray(at, at + 331))).toEqual(extend(noDigest, bytes));
    }
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(extend(noDigest, flipped), `bit ${bit}`).not.toEqual(extend(noDigest, bytes));
    }
  });
});
