import { describe, expect, it } from 'vitest';
import { Attacker, playAlong } from '../../bench/campaigns/attacks/attacker.js';
import { connect } from '../../client/node/connect.js';
import { participate } from '../../client/participate.js';
import type { RunResult } from '../../server/run/summarise.js';
import { serve, type ServeOptions } from '../../server/serve.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { asTandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { defineTask, type Task } from '../../shared/task.js';
import { normTask, tinyData, tinyTask } from '../helpers/tiny-task.js';

/** Weights above the cut so large that what comes down to the clients is over a hundred from the first step on. */
const steepTask = defineTask({
  ...tinyTask,
  name: 'steep',
  optimizer: sgd(1e-5),
  model: async () => {
    const model = await tinyTask.model();
    const [kernel, ...others] = model.getLayer('logits').getWeights();
    if (kernel) model.getLayer('logits').setWeights([kernel.mul(3_000), ...others]);
    return model;
  },
});

type Spoil = (values: Float32Array, round: number) => void;

/** A run of two honest clients and one that uploads what it likes. Answers how each ended, and the run's summary. */
async function played(task: Task, options: Partial<ServeOptions>, spoil: Spoil) {
  const engine = await chooseEngine('tfjs');
  const events: RunEvent[] = [];
  const server = await serve({
    task,
    clients: 3,
    epochs: 4,
    seed: 11,
    graceSeconds: 0,
    loadedEngine: engine,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const honest = [0, 1].map(async (client) => {
    const transport = await connect(server.url);
    const steps = participate({ transport, data: tinyData(41, client + 3), engine });
    try {
      for await (const _ of steps);
      return 'finished';
    } catch (error) {
      return asTandemError(error).message;
    }
  });
  let round = 0;
  const upload = (bottom: Uint8Array) => {
    const bytes = bottom.slice();
    spoil(new Float32Array(bytes.buffer), round++);
    return bytes;
  };
  const whole = options.schedule === 'fedavg';
  const liar = playAlong(await Attacker.join(server.url), { samples: 21, upload, whole, width: 5 });
  const ends = await Promise.all([...honest, liar]);
  const outcome = await server.finished.catch((error: unknown) => asTandemError(error));
  await server.close();
  const refused = events.flatMap((event) => (event.kind === 'refused' ? [event.reason] : []));
  const mended = events.flatMap((event) => (event.kind === 'mended' ? [event.what] : []));
  return { ends, outcome, refused, mended };
}

describe('an upload that is finite, and with which nothing can be computed', () => {
  it.each<[string, Task, Partial<ServeOptions>, Spoil]>([
    ['1e14 in each of two layers', tinyTask, { schedule: 'splitfed-v1' }, (values) => values.fill(1e14)],
    ['9e6 in all layers of a whole model', tinyTask, { schedule: 'fedavg' }, (values) => values.fill(9e6)],
    [
      'one weight of -4e12, in a shared lane',
      tinyTask,
      { schedule: 'splitfed-v2' },
      (values) => values.fill(-4e12, 3, 4),
    ],
    [
      '3e8 in a kernel whose outputs are normalised',
      normTask,
      { schedule: 'splitfed-v1' },
      (values) => values.fill(3e8, 0, 12),
    ],
    [
      '1e36 once, in the second round',
      tinyTask,
      { schedule: 'splitfed-v3' },
      (values, round) => void (round === 1 && values.fill(1e36, 0, 1)),
    ],
    ['3e37, handed to the next', tinyTask, { schedule: 'sequential' }, (values) => values.fill(3e37)],
  ])(
    'costs its sender alone: %s',
    async (_, task, options, spoil) => {
      const { ends, outcome, refused } = await played(task, options, spoil);
      expect(ends.slice(0, 2), refused.join('; ')).toEqual(['finished', 'finished']);
      expect(ends[2]).toBe('BAD_VALUE');
      expect(outcome).not.toHaveProperty('code');
      const { testLoss } = (outcome as RunResult).summary;
      expect(Number.isFinite(testLoss)).toBe(true);
    },
    30_000,
  );

  it('is left out, and its client stays, where the client was given what is unusual, in which others had a part', async () => {
    const { ends, outcome, mended } = await played(steepTask, { schedule: 'splitfed-v2' }, (values, round) => {
      if (round === 1) values.fill(8e13);
    });
    expect(ends).toEqual(['finished', 'finished', 'finished']);
    expect(mended).toEqual([
      expect.stringMatching(
        /what the client sent up in round 1 .*was left out; it was given unusual values, and stays/,
      ),
    ]);
    expect(Number.isFinite((outcome as RunResult).summary.testLoss)).toBe(true);
  }, 30_000);

  it('of two that are sound alone leaves out one, and the run goes on', async () => {
    const { ends } = await played(tinyTask, { schedule: 'splitfed-v1', aggregation: 'median' }, (values) =>
      values.fill(0.1),
    );
    expect(ends).toEqual(['finished', 'finished', 'finished']);
  }, 30_000);
});
