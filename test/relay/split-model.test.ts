import { describe, expect, it } from 'vitest';
import { SplitModel } from '../../relay/split-model.js';
import { clientPart, modelMessage } from '../../server/run/client-part.js';
import { resolveRun } from '../../shared/config.js';
import { decodeSegments, encodeSegments, type SegmentContent } from '../../shared/model/bottom-payload.js';
import { buildPlaced } from '../../shared/model/build.js';
import { decodeModelDefinition } from '../../shared/protocol/model-definition.js';
import type { Message } from '../../shared/protocol/messages.js';
import { tinyTask } from '../helpers/tiny-task.js';

const settings = resolveRun(tinyTask, { topology: 'multi-hop', seed: 7 });
const placed = await buildPlaced(tinyTask, settings);
const { cut } = placed;
const part = clientPart(tinyTask, placed, settings);

/** What the server would send: 15 + 20 weights, and for Adam's two moments twice as many values that are odd. */
function bottom(updates: number | null): Message<'bottom'> {
  const contents = part.parts.map(({ spec }, segment): SegmentContent => {
    const weights = cut.weights[segment] ?? [];
    const slots = spec.weights.map(({ shape }, i) =>
      [0.1, 0.7].map((value) => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value + segment + 3 * i)),
    );
    return { weights, optimizer: updates === null ? null : { updates, slots } };
  });
  return { type: 'bottom', round: 3, updates, payload: encodeSegments(part.parts, contents) };
}

describe('a model split at a relay', () => {
  const model = SplitModel.open(modelMessage(part, {}).payload, 1);

  it('leaves the client all but the relay keeps', () => {
    expect(model.own.map(({ spec }) => spec.index)).toEqual([1]);
    const below = decodeModelDefinition(model.message.payload);
    expect(below.segments.map(({ spec, role }) => [spec.index, role])).toEqual([[0, 'bottom']]);
    expect(below.labels).toEqual(part.definition.labels);
    expect(model.contract(7).rules.contract.tensors).toEqual(cut.specs[0]?.outputs);
  });

  it.each([null, 0, 5])('splits weights, with the state of %o updates, and joins them again', (updates) => {
    const message = bottom(updates);
    const { own, below } = model.split(message);
    expect(decodeSegments(model.below.segments, updates, below.payload)[0]?.weights).toEqual(cut.weights[0]);
    expect(own[0]?.weights).toEqual(cut.weights[1]);
    expect(model.join(below, own)).toEqual(message);
  });

  it('takes no more and no fewer values than there are', () => {
    const { own, below } = model.split(bottom(null));
    const payload = below.payload.slice(4);
    expect(() => model.join({ ...below, payload }, own)).toThrow(expect.objectContaining({ code: 'BAD_SHAPE' }));
    expect(() => model.split(below)).toThrow(expect.objectContaining({ code: 'BAD_SHAPE' }));
    const broken = Uint8Array.from(below.payload).fill(0xff, 0, 4);
    expect(() => model.join({ ...below, payload: broken }, own)).toThrow(
      expect.objectContaining({ code: 'BAD_VALUE' }),
    );
  });

  it('refuses a state of another number of updates', () => {
    const { own, below } = model.split(bottom(5));
    expect(() => model.join({ ...below, updates: 4 }, own)).toThrow(/4 updates, the relay's 5 updates/);
    expect(() => model.join({ ...below, updates: null }, own)).toThrow(
      expect.objectContaining({ code: 'BAD_MESSAGE' }),
    );
  });

  it('cannot leave nothing to clients', () => {
    expect(() => SplitModel.open(modelMessage(part, {}).payload, 2)).toThrow(
      /gives 2 bottom segments and the relay is to keep 2/,
    );
  });
});
