import { describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import type { RunHooks } from '../../server/hooks/run-hooks.js';
import { serve } from '../../server/serve.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { refusal } from '../helpers/refusal.js';
import { tinyData, tinyRun, tinyTask } from '../helpers/tiny-task.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';

const run = (hooks: RunHooks, options: Partial<SimulateOptions> = {}) =>
  simulate({ ...tinyRun(), roundSteps: 1, epochs: 4, ...options, hooks });
const loose = (hooks: unknown) => hooks as RunHooks;

describe('hooks', () => {
  it('hear of rounds and steps in their order', async () => {
    const heard: string[] = [];
    await run(
      {
        roundStart: ({ round, planned }) => void heard.push(`start ${round} of ${planned}`),
        step: ({ step, samples }) => void heard.push(samples > 0 && samples <= 7 ? `step ${step}` : 'no samples'),
        roundEnd: ({ round, clients }) => void heard.push(`end ${round} of ${clients}`),
      },
      { schedule: 'fedavg', epochs: 1 },
    );
    expect(heard).toEqual([
      ...['start 0 of 6', 'step 1', 'step 2', 'step 3', 'end 0 of 3'],
      ...['start 1 of 6', 'step 4', 'step 5', 'step 6', 'end 1 of 3'],
    ]);
  });

  it.each(['splitfed-v1', 'splitfed-v2', 'sequential', 'async'])(
    'end a run of %s after its round, with its model',
    async (schedule) => {
      const stop = { stop: 'good enough' };
      const { summary } = await run({ step: ({ step }) => (step === 4 ? stop : undefined) }, { schedule });
      expect(summary).toMatchObject({ steps: 6, stopped: 'hook', stopReason: 'good enough' });
      expect(summary.testAccuracy).not.toBeNull();
      const whole = await simulate({ ...tinyRun(), roundSteps: 1, schedule, steps: 6 });
      if (schedule !== 'async') expect(summary.weightsHash).toBe(whole.summary.weightsHash);
    },
  );

  it.each(['vertical', 'vertical-u-shaped'])('end a run of %s after its round, with its model', async (topology) => {
    const parties = { task: verticalTask(), data: verticalData(31, 3, 7), topology, clients: 3, roundSteps: 2 };
    const heard: string[] = [];
    const stop = { stop: 'good enough' };
    const hooks: RunHooks = {
      roundStart: ({ round }) => void heard.push(`start ${round}`),
      step: ({ step }) => (step === 3 ? stop : undefined),
      roundEnd: ({ round }) => void heard.push(`end ${round}`),
    };
    const { summary } = await run(hooks, { ...parties, batch: 5, schedule: 'joint' });
    expect(summary).toMatchObject({ steps: 4, stopped: 'hook', stopReason: 'good enough' });
    expect(heard).toEqual(['start 0', 'end 0', 'start 1', 'end 1']);
    const whole = await simulate({ ...tinyRun(), ...parties, batch: 5, schedule: 'joint', epochs: 4, steps: 4 });
    expect(summary.weightsHash).toBe(whole.summary.weightsHash);
  });

  it('keep the best model of a run that is tested on its way', async () => {
    const { summary } = await run(
      { roundEnd: ({ round }) => (round === 2 ? { stop: 'enough' } : undefined) },
      { patience: 50 },
    );
    expect(summary).toMatchObject({ steps: 9, stopped: 'hook' });
    expect(summary.evaluations).toHaveLength(3);
    expect(summary.best).not.toBeNull();
  });

  it('that throw, or answer what they cannot, say so once and cost nobody anything', async () => {
    const told: string[] = [];
    const hooks = loose({
      step: () => {
        throw new Error('no luck');
      },
      roundStart: async () => Promise.reject(new Error('later')),
      roundEnd: () => 'stop',
    });
    const server = await serve({
      task: tinyTask,
      clients: 1,
      steps: 3,
      roundSteps: 1,
      engine: 'tfjs',
      hooks,
      onTrouble: (text) => told.push(text),
    });
    const { steps } = await join(server.url, { data: tinyData(), engine: 'tfjs' }).finished;
    expect(steps).toBe(3);
    expect((await server.finished).summary.stopped).toBe('steps');
    expect(told.sort()).toEqual([
      "the hook roundEnd returned what it cannot: give { stop: 'why' }, or nothing",
      'the hook roundStart returned a promise, which is not waited for',
      'the hook roundStart threw: later',
      'the hook step threw: no luck',
    ]);
  });

  it.each([
    ['answers what it cannot', () => 7, /the hook admit returned what it cannot: give a text that says why not/],
    ['answers a promise', async () => 'not you', /the hook admit returned a promise, which is not waited for/],
    ['throws', () => JSON.parse('{') as never, /the hook admit threw: /],
  ])('let nobody in where admit %s', async (_what, admit, said) => {
    const told: string[] = [];
    const onTrouble = (text: string) => told.push(text);
    const options = { task: tinyTask, clients: 1, steps: 1, engine: 'tfjs', hooks: loose({ admit }), onTrouble };
    const server = await serve(options);
    await expect(join(server.url, { data: tinyData(), engine: 'tfjs' }).finished).rejects.toMatchObject({
      code: 'NO_ENTRY',
      message: expect.stringContaining('could not tell whether you may come in') as string,
    });
    await server.close();
    await server.finished.catch(() => undefined);
    expect(told.join()).toMatch(said);
  });

  it('turn a client away with their reason, and let another one in', async () => {
    const hooks: RunHooks = { admit: ({ shard }) => (shard?.[0] === 1 ? 'nobody sits on chair 1' : undefined) };
    const server = await serve({
      task: tinyTask,
      clients: 2,
      steps: 2,
      deadlineSeconds: 1,
      quorum: 0.5,
      engine: 'tfjs',
      hooks,
    });
    const [good, bad] = [0, 1].map(
      (index) => join(server.url, { data: tinyData(), shard: [index, 2], engine: 'tfjs' }).finished,
    );
    await expect(bad).rejects.toMatchObject({
      code: 'NO_ENTRY',
      message: expect.stringContaining('chair 1') as string,
    });
    expect((await good)?.steps).toBe(2);
  });

  it.each([
    [{ roundBegin: () => undefined }, /roundBegin is no hook there is/],
    [{ step: 5 }, /step is 5: give a function/],
    [[], /hooks is a list of 0: give an object of functions/],
  ])('are refused as %j', async (hooks, message) => {
    const error: unknown = await run(loose(hooks)).catch((thrown: unknown) => thrown);
    expect(
      refusal(() => {
        throw error;
      }),
    ).toMatch(message);
  });

  it('are refused where none would be called', async () => {
    await expect(run({}, { schedule: 'centralised', roundSteps: 2 })).rejects.toThrow(/hooks need clients/);
  });
});
