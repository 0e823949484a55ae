import { describe, expect, it } from 'vitest';
import type { AggregationChoice, CombineReplicas } from '../../shared/aggregation.js';
import { resolveRun } from '../../shared/config.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { refusal } from '../helpers/refusal.js';
import { tinyRun, tinyTask } from '../helpers/tiny-task.js';

const run = (options: Partial<SimulateOptions>) => simulate({ ...tinyRun(), ...options });

/** As a person without types would write it. */
const loose = (value: unknown) => value as never;

describe("an aggregation of one's own", () => {
  const plainMean: CombineReplicas = (replicas) => {
    const total = replicas.reduce((sum, { samples }) => sum + samples, 0);
    const sums = new Float64Array(replicas[0]?.weights.length ?? 0);
    for (const { samples, weights } of replicas)
      weights.forEach((weight, i) => (sums[i] = (sums[i] ?? 0) + samples * weight));
    return sums.map((sum) => sum / total);
  };

  it.each(['splitfed-v1', 'fedavg'])('that computes the mean is the mean, under %s', async (schedule) => {
    const options = { schedule, epochs: 2 };
    const [mine, theirs] = await Promise.all([run({ ...options, aggregation: plainMean }), run(options)]);
    expect(mine.summary.aggregation).toBe('plainMean');
    expect(mine.summary.weightsHash).toBe(theirs.summary.weightsHash);
  });

  it('may be a row, with a clip before it', async () => {
    const options = { schedule: 'splitfed-v1', epochs: 2 };
    const text = (await run({ ...options, aggregation: 'clip:0.05+trimmed-mean:0.2' })).summary;
    const row = (await run({ ...options, aggregation: { rule: 'trimmed-mean', value: 0.2, clip: 0.05 } })).summary;
    expect(row).toMatchObject({ aggregation: 'clip:0.05+trimmed-mean:0.2', weightsHash: text.weightsHash });
    const clipped = (await run({ ...options, aggregation: { rule: plainMean, clip: 1e-9 } })).summary;
    expect(clipped.aggregation).toBe('clip:1e-9+plainMean');
    expect(clipped.weightsHash).not.toBe((await run(options)).summary.weightsHash);
  });

  it('remembers what it answers, from round to round, each segment for itself', async () => {
    const rounds: number[] = [];
    const withMemory: CombineReplicas = (replicas, { weights, memory }) => {
      const [count = new Float64Array(1)] = memory;
      rounds.push(count[0] ?? 0);
      expect(weights.length).toBe(replicas[0]?.weights.length);
      return { weights, memory: [count.map((value) => value + 1)] };
    };
    await run({ schedule: 'splitfed-v1', epochs: 3, aggregation: withMemory });
    // The bottom and the top.
    expect(rounds).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it.each([
    ['nothing', () => undefined, /'combine' returned no Float64Array/],
    ['too little', () => new Float64Array(2), /returned 2 weights of 35/],
    ['no memory', () => ({ weights: new Float64Array(35) }), /a memory that is no list/],
    [
      'what is no number',
      (replicas: readonly { weights: Float64Array }[]) => replicas[0]?.weights.fill(NaN),
      /returned NaN as weight 0/,
    ],
    [
      'an error',
      () => {
        throw new RangeError('out of luck');
      },
      /threw: out of luck/,
    ],
  ])('says what is wrong with one that answers %s', async (_, combine, message) => {
    const aggregation = Object.defineProperty(
      (...given: never[]) => (combine as (...given: never[]) => unknown)(...given),
      'name',
      {
        value: 'combine',
      },
    );
    await expect(run({ schedule: 'splitfed-v1', aggregation: loose(aggregation) })).rejects.toThrow(message);
  });

  it.each([
    [{ rule: 'medain' }, /rule is 'medain': did you mean 'median'/],
    [{ rule: 'median', clp: 3 }, /clp is no field there is: did you mean clip/],
    [{ rule: 'trimmed-mean', value: 2 }, /trimmed-mean:2 is not trimmed-mean:FRACTION/],
    [{ rule: 'median', clip: -1 }, /clip:-1 is not clip:NORM/],
    [
      function median() {
        return new Float64Array();
      },
      /'median' of your own has the name of one that comes with Tandem/,
    ],
  ])('refuses %j', (aggregation, message) => {
    const options = { schedule: 'splitfed-v1', clients: 3, aggregation: loose(aggregation) as AggregationChoice };
    expect(refusal(() => resolveRun(tinyTask, options))).toMatch(message);
  });
});
