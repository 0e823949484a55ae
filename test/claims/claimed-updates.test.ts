import { describe, expect, it } from 'vitest';
import { clientsInRound, resolveAggregation } from '../../shared/aggregation.js';
import { resolveRun } from '../../shared/config.js';
import { encodeSegments } from '../../shared/model/bottom-payload.js';
import { buildPlaced } from '../../shared/model/build.js';
import { limits } from '../../shared/protocol/limits.js';
import { Bottoms } from '../../server/run/bottoms.js';
import { ClientParts } from '../../server/run/client-parts.js';
import { tinyTask } from '../helpers/tiny-task.js';

/** A bottom that is handed from client to client, after one turn of three steps. */
async function handedOver() {
  const settings = resolveRun(tinyTask, { clients: 3, schedule: 'sequential', seed: 7 });
  const placed = await buildPlaced(tinyTask, settings);
  const { most } = new ClientParts(tinyTask, placed, settings);
  const aggregation = resolveAggregation(settings.aggregation, clientsInRound(settings));
  const bottoms = new Bottoms(most.parts, 1, settings.schedule, aggregation, most.weights);
  const upload = (updates: number, steps: number) => {
    const contents = most.parts.map((_, i) => ({ weights: most.weights[i] ?? [], optimizer: { updates, slots: [] } }));
    const payload = encodeSegments(most.parts, contents);
    bottoms.upload(1, { type: 'bottom', round: 0, updates, payload }, { samples: 15, steps });
    bottoms.merge();
  };
  upload(3, 3);
  return { bottoms, upload };
}

describe('an optimizer that is handed over', () => {
  it.each([
    [4, 1],
    [3, 2],
    [5, 2],
    [3 + 117, 117],
  ])('after three updates may have made %i after %i steps more', async (updates, steps) => {
    const { bottoms, upload } = await handedOver();
    upload(updates, steps);
    expect(bottoms.message(1).updates).toBe(updates);
  });

  it.each([
    [5, 1],
    [2, 1],
    [4, 0],
    [0, 2],
    [limits.totalSteps, 1],
    [limits.totalSteps - 1, 7],
  ])('after three updates cannot have made %i after %i steps more', async (updates, steps) => {
    const { bottoms, upload } = await handedOver();
    expect(() => upload(updates, steps)).toThrow(/had made 3 updates has made \d+ after \d+ steps/);
    // The next client goes on from what it was.
    expect(bottoms.message(1).updates).toBe(3);
  });
});
