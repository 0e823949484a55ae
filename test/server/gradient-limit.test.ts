import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { serve } from '../../server/serve.js';
import { resolveRun } from '../../shared/config.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { RunEvent } from '../../shared/events.js';
import { float32 } from '../../shared/ndarray.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const FACTOR = 3e3;
/** Nothing bounds what it sends over the cut. */
const task = {
  ...tinyTask,
  model: () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ name: 'hidden', units: 5, inputShape: [4] }),
        tf.layers.dense({ name: 'logits', units: 3 }),
      ],
    }),
};

/** Data whose features are so many times too large: all that the client sends is finite and fits the contract. */
function scaled(data: ClientData, factor: number): ClientData {
  const samples = {
    ...data.train,
    batch: async (...args: Parameters<ClientData['train']['batch']>) => {
      const batch = await data.train.batch(...args);
      const inputs = batch.inputs.map(({ shape, data }) =>
        float32(
          shape,
          Float32Array.from(data, (x) => factor * x),
        ),
      );
      return { ...batch, inputs };
    },
  };
  return { ...data, train: samples };
}

/** Two honest clients and one whose features are too large. */
async function train(maxGradient?: number) {
  const engine = await chooseEngine('tfjs');
  const events: RunEvent[] = [];
  const options = { task, clients: 3, seed: 5, loadedEngine: engine, schedule: 'splitfed-v1' };
  const limit = maxGradient === undefined ? {} : { maxGradient };
  const server = await serve({ ...options, ...limit, onEvent: (event) => events.push(event) });
  const trained = [0, 1, 2].map(async (place) => {
    const data = place === 2 ? scaled(tinyData(43), FACTOR) : tinyData(41 + place);
    const transport = await connect(server.url);
    for await (const _ of participate({ transport, data, engine, place: [place, 3] }));
  });
  const [{ summary }, ...outcomes] = await Promise.all([server.finished, ...trained.map((run) => settled(run))]);
  const norms = events.flatMap((event) =>
    event.kind === 'step' ? [{ ...event, norm: event.gradientNorm ?? NaN }] : [],
  );
  return { summary, outcomes, norms };
}

async function settled(run: Promise<void>): Promise<unknown> {
  try {
    return await run;
  } catch (error) {
    return error;
  }
}

describe('a limit on the gradient of the server', () => {
  it('refuses the client whose steps exceed it, and nobody else', async () => {
    const free = await train();
    const most = (client: number) =>
      Math.max(...free.norms.filter((step) => step.client === client).map(({ norm }) => norm));
    // What the events say is what the limit is compared with.
    const honest = Math.max(most(0), most(1));
    expect(honest).toBeGreaterThan(0.01);
    expect(most(2)).toBeGreaterThan(100 * honest);
    expect(free.outcomes).toEqual([undefined, undefined, undefined]);

    const limited = await train(3 * honest);
    expect(limited.outcomes).toMatchObject([undefined, undefined, { code: 'BAD_VALUE' }]);
    expect(String(limited.outcomes[2])).toMatch(/gradient in step \d+ has the norm [\d.]+, over/);
    expect(limited.norms.every(({ client, norm }) => client !== 2 || norm <= 3 * honest)).toBe(true);
    expect(limited.summary.testLoss).toBeLessThan(free.summary.testLoss ?? 0);
  });

  it.each([0, -3, NaN, 2e15])('of %s is refused', (maxGradient) => {
    expect(() => resolveRun(tinyTask, { maxGradient })).toThrow(/maxGradient is/);
  });

  it.each(['fedavg', 'centralised'])('is refused where the server trains nothing: %s', (schedule) => {
    expect(() => resolveRun(tinyTask, { schedule, maxGradient: 5 })).toThrow(/the server trains nothing/);
  });
});
