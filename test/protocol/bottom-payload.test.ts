import { describe, expect, it } from 'vitest';
import { adam, momentum, rmsprop, sgd, type OptimizerSpec } from '../../shared/engine/optimizer.js';
import { largestMessage } from '../../shared/contract.js';
import { decodeSegment, encodeSegment, segmentBytes, type SegmentContent } from '../../shared/model/bottom-payload.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import { toHex } from './golden.js';

/** Two trainable weights around one that is not. */
const spec: SegmentSpec = {
  index: 0,
  of: 2,
  topology: '{}',
  inputs: [],
  outputs: [],
  weights: [
    { layer: 'a', index: 0, dtype: 'float32', shape: [2, 1], trainable: true },
    { layer: 'a', index: 1, dtype: 'int32', shape: [], trainable: false },
    { layer: 'b', index: 0, dtype: 'float32', shape: [3], trainable: true },
  ],
};
const weights = [float32([2, 1], [1.5, -2]), int32([], [-7]), float32([3], [0.25, 3, -0])];
const slots = (count: number) => [
  Array.from({ length: count }, (_, i) => Float32Array.of(i + 0.5, 3)),
  Array.from({ length: count }, (_, i) => Float32Array.of(7, i + 0.25, 9)),
];
const withState = (optimizer: OptimizerSpec, updates: number): SegmentContent => ({
  weights,
  optimizer: { updates, slots: slots({ sgd: 0, momentum: 1, adam: 2, adamw: 2, rmsprop: 2 }[optimizer.kind]) },
});

describe('the payload of a bottom', () => {
  it('is all weights in order, little-endian, and nothing between them', () => {
    const bytes = encodeSegment(spec, adam(), { weights, optimizer: null });
    expect(toHex(bytes)).toBe('0000c03f' + '000000c0' + 'f9ffffff' + '0000803e' + '00004040' + '00000080');
  });

  it('goes on with the slots of each trainable weight', () => {
    const bytes = encodeSegment(spec, adam(), withState(adam(), 3));
    const a = '0000003f00004040' + '0000c03f00004040';
    const b = '0000e0400000803e00001041' + '0000e0400000a03f00001041';
    expect(toHex(bytes.subarray(24))).toBe(a + b);
  });

  it.each([sgd(), momentum(), adam(), rmsprop()])('is read back as it was written: $kind', (optimizer) => {
    const content = withState(optimizer, 259);
    const bytes = encodeSegment(spec, optimizer, content);
    expect(bytes.length).toBe(segmentBytes(spec, optimizer, 259));
    expect(decodeSegment(spec, optimizer, 259, bytes)).toStrictEqual(content);
  });

  it('has no slots before the first update', () => {
    const content = { weights, optimizer: { updates: 0, slots: [[], []] } };
    const bytes = encodeSegment(spec, adam(), content);
    expect(bytes.length).toBe(24);
    expect(decodeSegment(spec, adam(), 0, bytes)).toStrictEqual(content);
  });

  it('has zeros for the slots of a weight that never had a gradient', () => {
    const partly = { weights, optimizer: { updates: 5, slots: [slots(2)[0] ?? [], []] } };
    const { optimizer } = decodeSegment(spec, adam(), 5, encodeSegment(spec, adam(), partly));
    expect(optimizer?.slots).toEqual([slots(2)[0], [new Float32Array(3), new Float32Array(3)]]);
  });

  it.each([
    [adam(), 0, false],
    [adam(), 1, true],
    [rmsprop(), 0, true],
    [rmsprop(), 1, false],
    [momentum(), 0, false],
  ])('of %o may hold what is negative in slot %i, unless that holds squares: %o', (optimizer, slot, refused) => {
    const content = withState(optimizer, 3);
    content.optimizer?.slots[1]?.[slot]?.set([-1e-30], 2);
    const read = () => decodeSegment(spec, optimizer, 3, encodeSegment(spec, optimizer, content));
    if (refused) expect(read).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }));
    else expect(read()).toStrictEqual(content);
  });

  it('is refused when it has another length', () => {
    const bytes = encodeSegment(spec, adam(), withState(adam(), 3));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSegment(spec, adam(), 3, bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'BAD_SHAPE' }),
      );
    }
    const others: [OptimizerSpec, number | null][] = [
      [adam(), null],
      [adam(), 0],
      [momentum(), 3],
    ];
    for (const [optimizer, updates] of others) {
      expect(() => decodeSegment(spec, optimizer, updates, bytes)).toThrow(/64 bytes, \d+ were expected/);
    }
  });

  it.each([0, 1, 3, 4, 5, 6, 9, 15])('is refused when its value %i is not finite, weight or slot', (place) => {
    const bytes = encodeSegment(spec, adam(), withState(adam(), 3));
    for (const value of [NaN, Infinity, -Infinity]) {
      const broken = bytes.slice();
      new DataView(broken.buffer).setFloat32(4 * place, value, true);
      expect(() => decodeSegment(spec, adam(), 3, broken)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }));
    }
  });

  it('is read from bytes that are not aligned', () => {
    const bytes = encodeSegment(spec, adam(), withState(adam(), 3));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeSegment(spec, adam(), 3, shifted.subarray(1))).toStrictEqual(withState(adam(), 3));
  });
});

describe('the largest message of a run', () => {
  const contract = {
    tensors: [{ name: 'cut', dtype: 'float32', shape: [5, 3] }],
    labels: [{ name: 'kind', dtype: 'uint8', shape: [] }],
    maxRows: 7,
  } as const;

  it('is that of a full batch, or of a bottom, whichever is larger', () => {
    const tensors = [float32([7, 5, 3], new Float32Array(105).fill(0.3))];
    const labels = [{ dtype: 'uint8', shape: [7], data: new Uint8Array(7).fill(3) } as const];
    const full = encodeMessage({ type: 'smashed', step: 1e9, tensors, labels }).length;
    const largest = largestMessage(contract, 131);
    expect(full).toBeLessThanOrEqual(largest);
    expect(largest).toBe(12 + 4096 + 7 * 61);
    expect(largestMessage(contract, 1_009)).toBe(12 + 4096 + 1_009);
  });

  it('is generous where a shape has an open length', () => {
    const open = { ...contract, tensors: [{ name: 'cut', dtype: 'float32', shape: [null, 3] }] } as const;
    expect(largestMessage(open, 131)).toBe(12 + 4096 + 64 * 1024 * 1024);
  });
});
