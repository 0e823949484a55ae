import { describe, expect, it } from 'vitest';
import { eventOf, firstEvent } from '../../cli/own/events-file.js';
import { crc32c, tfRecord } from '../../shared/export/tf-record.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('an events file for TensorBoard', () => {
  it('has the checksums of RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32)).toString(16)).toBe('8a9136aa');
    expect(crc32c(new Uint8Array(32).fill(255)).toString(16)).toBe('62a8ab43');
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)).toString(16)).toBe('46dd794e');
    expect(crc32c(new TextEncoder().encode('123456789')).toString(16)).toBe('e3069283');
  });

  it('frames records as TensorFlow does: their length, a checksum turned and moved, the data, their checksum', () => {
    const data = new TextEncoder().encode('123456789');
    const record = tfRecord(data);
    const turned = (crc: number) => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    expect(hex(record.subarray(0, 8))).toBe('0900000000000000');
    const view = new DataView(record.buffer);
    expect(view.getUint32(8, true)).toBe(turned(crc32c(record.subarray(0, 8))));
    expect(record.subarray(12, 21)).toEqual(data);
    expect(view.getUint32(21, true)).toBe(turned(0xe3069283));
  });

  it('says its version first, then each test with its step', () => {
    const first = firstEvent('2026-01-01T00:00:00.000Z');
    expect(Buffer.from(first).toString('latin1')).toContain('brain.Event:2');
    const metrics = { accuracy: 0.5, auc: null, loss: 0.25 };
    const point = { round: 1, steps: 300, samples: 9, seconds: 1.5, trainLoss: 0.75, testLoss: 0.25, metrics };
    const event = eventOf(point, '2026-01-01T00:00:00.000Z').subarray(12, -4);
    const view = new DataView(event.buffer, event.byteOffset, event.byteLength);
    // wall_time = 1, a double; step = 2, a varint; summary = 5.
    expect([event[0], view.getFloat64(1, true)]).toEqual([0x09, Date.UTC(2026, 0) / 1000 + 1.5]);
    expect([...event.subarray(9, 13)]).toEqual([0x10, 0xac, 0x02, 0x2a]);
    const text = Buffer.from(event).toString('latin1');
    expect(text).toMatch(/loss\/train\x15....\n.*loss\/test\x15....\n.*test\/accuracy\x15....$/s);
    expect(text).not.toContain('auc');
    expect(text).not.toContain('test/loss');
  });
});
