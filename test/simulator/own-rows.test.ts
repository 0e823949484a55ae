import { describe, expect, it } from 'vitest';
import type { CombineReplicas } from '../../shared/aggregation.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { recordSettings } from '../../shared/settings-record.js';
import { findSchedule, type PlanRound, type Schedule } from '../../shared/schedules.js';
import { findTopology, type PlaceSegment, type Topology } from '../../shared/topologies.js';
import { checkSame } from '../../server/run/run-snapshot.js';
import { compareOne } from '../../simulator/compare.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { refusal } from '../helpers/refusal.js';
import { tinyRun, tinyTask } from '../helpers/tiny-task.js';

const run = (options: Partial<SimulateOptions>) => simulate({ ...tinyRun(), ...options });

const own = (change: Partial<Schedule>): Schedule => ({
  name: 'mine',
  lanes: 'shared',
  clients: 'at-once',
  order: 'seeded',
  bottoms: 'averaged',
  summary: 'of my own',
  ...change,
});

/** As a person without types would write it. */
const loose = (value: unknown) => value as never;

describe("a schedule of one's own", () => {
  it('with the fields of one that there is trains to the same bits', async () => {
    for (const name of ['splitfed-v1', 'fedavg', 'sequential']) {
      const { summary } = await run({ schedule: name, epochs: 1 });
      const mine = await run({ schedule: { ...findSchedule(name), name: `my ${name}` }, epochs: 1 });
      expect(mine.summary).toMatchObject({ schedule: `my ${name}`, weightsHash: summary.weightsHash });
    }
  });

  const values = {
    lanes: ['shared', 'per-client', 'none'],
    clients: ['in-turns', 'at-once'],
    order: ['seeded', 'arrival'],
    bottoms: ['handed-over', 'averaged', 'kept'],
  } as const;
  const rows = values.lanes.flatMap((lanes) =>
    values.clients.flatMap((clients) =>
      values.order.flatMap((order) => values.bottoms.map((bottoms) => own({ lanes, clients, order, bottoms }))),
    ),
  );

  it('trains to its end, or is refused with a sentence, whatever its fields are', async () => {
    let trained = 0;
    for (const schedule of rows) {
      const { name: _, summary: __, ...fields } = schedule;
      try {
        resolveRun(tinyTask, { schedule });
      } catch (error) {
        expect(String(error), JSON.stringify(fields)).toMatch(/the schedule 'mine' cannot be: /);
        continue;
      }
      const { summary } = await run({ schedule, epochs: 3 });
      trained++;
      // 14, 14 and 13 samples in batches of 7.
      expect(summary, JSON.stringify(fields)).toMatchObject({ schedule: 'mine', steps: 18, stopped: 'epochs' });
    }
    expect(trained).toBe(9);
  });

  it('plans its rounds: only whom it names trains, as many steps as it says', async () => {
    const told: unknown[] = [];
    const oddOnes: PlanRound = ({ round, clients }) => {
      told.push(clients.map(({ client, done, usual, left }) => [client, done, usual, left]));
      return round === 3
        ? []
        : clients.filter(({ client }) => client % 2 === round % 2).map(({ client }) => ({ client, steps: 1 }));
    };
    const { summary, clients } = await run({ schedule: oddOnes, epochs: 4 });
    expect(summary).toMatchObject({ schedule: 'oddOnes', steps: 5 });
    expect(clients.map(({ steps }) => steps)).toEqual([2, 1, 2]);
    expect(told).toEqual([
      [
        [0, 0, 2, 8],
        [1, 0, 2, 8],
        [2, 0, 2, 8],
      ],
      [
        [0, 1, 2, 7],
        [1, 0, 2, 8],
        [2, 1, 2, 7],
      ],
      [
        [0, 1, 2, 7],
        [1, 1, 2, 7],
        [2, 1, 2, 7],
      ],
      [
        [0, 2, 2, 6],
        [1, 1, 2, 7],
        [2, 2, 2, 6],
      ],
    ]);
  });

  it('in turns, takes clients in the order of its plan', async () => {
    const steps: number[] = [];
    const schedule = { ...findSchedule('sequential'), name: 'backwards', plan: backwards };
    await run({ schedule, epochs: 1, onEvent: (event) => void (event.kind === 'step' && steps.push(event.client)) });
    expect(steps).toEqual([2, 2, 1, 1, 0, 0]);
  });

  it.each([
    ['no list', () => 5, /'planner' returned no list for round 0/],
    ['a stranger', () => [{ client: 7, steps: 1 }], /names client 7, which has no steps left or is not there/],
    ['nobody', () => [{ steps: 1 }], /names client undefined/],
    ['somebody twice', () => [1, 1].map((client) => ({ client, steps: 1 })), /names client 1 twice/],
    ['too many steps', () => [{ client: 0, steps: 5 }], /gives client 0 5 steps/],
    ['half a step', () => [{ client: 0, steps: 0.5 }], /gives client 0 0.5 steps/],
    [
      'an error',
      () => {
        throw new Error('no luck');
      },
      /threw 'no luck'/,
    ],
  ])('says what is wrong with a plan that answers %s', async (_, planner, message) => {
    const plan = Object.defineProperty((round: unknown) => (planner as (round: unknown) => unknown)(round), 'name', {
      value: 'planner',
    });
    await expect(run({ schedule: loose(plan) })).rejects.toThrow(message);
  });

  it.each([
    [{ ...own({}), lanes: 'many' }, /schedule: lanes is 'many': give shared, per-client or none/],
    [{ ...own({}), lane: 'shared' }, /schedule: lane is no field there is: did you mean lanes/],
    [{ ...own({}), name: 'async' }, /'async' of your own has the name of one that comes with Tandem/],
    [own({ clients: loose('together') }), /clients is 'together'/],
    [(() => () => [])(), /a function without a name/],
    [5, /schedule is 5: give a name, a row or a function/],
  ])('refuses %j', (schedule, message) => {
    expect(refusal(() => resolveRun(tinyTask, { schedule: loose(schedule) }))).toMatch(message);
  });

  it('has no share of clients beside its plan', () => {
    expect(() => resolveRun(tinyTask, { schedule: backwards, participation: 0.5 })).toThrow(/its plan says who/);
  });

  it('can be compared', async () => {
    const compared = await compareOne({ ...tinyRun(), schedule: own({}) }, { name: 'as it is', options: {} });
    expect(compared).toMatchObject({ refusal: null, summary: { schedule: 'mine' } });
    expect(compared.clientGflop).toBeGreaterThan(0);
  });
});

describe("a topology of one's own", () => {
  it('that is a function places segments', async () => {
    const lowTwo: PlaceSegment = (index) => (index < 2 ? 'client' : 'server');
    const task = { ...tinyTask, cut: 'wide,hidden' };
    const { summary } = await run({ task, topology: lowTwo });
    const plain = await run({ task: { ...tinyTask, cut: 'hidden' }, topology: 'vanilla' });
    expect(summary).toMatchObject({ topology: 'lowTwo', steps: plain.summary.steps });
    // Another number of optimizers makes no difference to what they compute.
    expect(summary.testLoss).toBe(plain.summary.testLoss);
  });

  it('with the fields of one that there is trains to the same bits', async () => {
    const row: Topology = { ...findTopology('u-shaped'), name: 'there and back' };
    const task = { ...tinyTask, cut: 'wide,hidden' };
    const [mine, theirs] = await Promise.all([run({ task, topology: row }), run({ task, topology: 'u-shaped' })]);
    expect(mine.summary.topology).toBe('there and back');
    expect(mine.summary.weightsHash).toBe(theirs.summary.weightsHash);
  });

  it.each([
    [
      function upsideDown(index: number) {
        return index === 0 ? 'server' : 'client';
      },
      /'upsideDown' places 2 segments at server, client/,
    ],
    [
      function nowhere() {
        return 'cloud';
      },
      /places 2 segments at cloud, cloud/,
    ],
  ])('refuses a placement that no data can follow', async (topology, message) => {
    await expect(run({ topology: loose(topology) })).rejects.toThrow(message);
  });

  it('refuses a row that lacks something', () => {
    expect(() => resolveRun(tinyTask, { topology: loose({ name: 'half', data: 'rows' }) })).toThrow(/party is missing/);
  });
});

describe('a state folder', () => {
  const record = (options: RunOptions) =>
    recordSettings(resolveRun(tinyTask, { schedule: 'splitfed-v1', clients: 3, ...options }));
  const again = (before: RunOptions, now: RunOptions) =>
    checkSame(
      { task: 'tiny', settings: record(before) },
      'tiny',
      resolveRun(tinyTask, { schedule: 'splitfed-v1', clients: 3, ...now }),
    );
  const first: CombineReplicas = (_, { weights }) => weights;
  const second: CombineReplicas = (_, { weights }) => weights;

  it('goes on with rows and functions of the same names and values, and no others', () => {
    again({ aggregation: first }, { aggregation: first });
    again({ schedule: own({}) }, { schedule: own({ summary: 'told otherwise' }) });
    again({ schedule: backwards }, { schedule: backwards });
    again({ aggregation: 'median' }, { aggregation: { rule: 'median' } });
    expect(() => again({ aggregation: first }, { aggregation: second })).toThrow(
      /aggregation = first, this one has second/,
    );
    expect(() => again({ schedule: own({}) }, { schedule: own({ order: 'arrival' }) })).toThrow(
      /schedule = mine \(.*order: seeded\), this one has mine \(.*order: arrival\)/,
    );
    expect(() => again({ schedule: own({ plan: backwards }) }, { schedule: own({}) })).toThrow(/plan: backwards/);
    expect(() =>
      again(
        {},
        {
          topology: function vanila() {
            return 'client';
          },
        },
      ),
    ).toThrow(/topology = vanilla/);
  });

  it('is plain data, whatever was given', () => {
    expect(() => structuredClone(record({ aggregation: first, schedule: own({ plan: backwards }) }))).not.toThrow();
  });
});

const backwards: PlanRound = ({ clients }) =>
  [...clients].reverse().map(({ client, usual }) => ({ client, steps: usual }));
