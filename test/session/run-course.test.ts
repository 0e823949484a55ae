import { describe, expect, it } from 'vitest';
import { placeOf } from '../../server/run/admission.js';
import { TandemError } from '../../shared/errors.js';
import { hello } from './drive.js';
import { Run, sequential } from './drive-run.js';

describe('a run in which something breaks down', () => {
  const error = new TandemError('BAD_MODEL', 'it broke', 'mend it');
  const failure = { code: 'BAD_MODEL', message: 'it broke', action: 'mend it' };

  it.each([
    ['while it gathers', new Run().join(0)],
    ['while it trains', new Run().join(0, 1, 2).steps(0)],
    ['in its last words', new Run({ clients: 1 }).join(0).steps(0, 0).upload(0).evaluated(0)],
  ])('has failed, %s', (_when, run) => {
    expect(run.do({ kind: 'failed', error }).asked.at(-1)).toEqual({ kind: 'finish', error });
    expect(run.state).toMatchObject({ phase: 'finished', failure });
    // The first reason stays.
    expect(run.do({ kind: 'failed', error: new TandemError('INTERNAL', 'after it') }).asked).toEqual([]);
    expect(run.state.failure).toEqual(failure);
  });
});

describe('an interleaved run', () => {
  it('begins when all have joined, merges when all have sent their bottoms, evaluates and ends', () => {
    const run = new Run().join(2, 0);
    expect(run.asked).toEqual([]);
    expect(run.join(1).asked).toEqual([
      {
        kind: 'begin-turn',
        round: 0,
        work: [
          { client: 0, steps: 2 },
          { client: 1, steps: 3 },
          { client: 2, steps: 1 },
        ],
      },
    ]);
    run.steps(0, 1, 2).steps(0, 1).steps(1);
    expect(run.state).toMatchObject({ phase: 'training', steps: 6, samples: 30 });
    run.log.length = 0;
    run.upload(1, 2);
    expect(run.asked).toEqual([]);
    expect(run.upload(0).asked).toEqual([
      { kind: 'merge', round: 0, clients: [1, 2, 0] },
      { kind: 'begin-evaluation', round: 1, clients: [0, 1, 2] },
    ]);
    expect(run.evaluated(0, 2).asked).toEqual([]);
    expect(run.evaluated(1).asked).toEqual([{ kind: 'finish', error: null }]);
    expect(run.state.phase).toBe('finished');
    expect(run.leave(0, 1, 2).asked).toEqual([]);
  });

  it('takes steps in the planned order, whatever order they and their clients come in', () => {
    const orders = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ].map(
      (order) =>
        new Run()
          .join(...order)
          .steps(...order)
          .steps(...order)
          .steps(...order).applied,
    );
    expect(orders[0]).toHaveLength(6);
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).toEqual(orders[0]);
    expect(new Run({ seed: 13 }).join(0, 1, 2).steps(0, 1, 2, 0, 1, 2, 1).applied).not.toEqual(orders[0]);
  });

  it('makes rounds of the given length until the steps are done', () => {
    const run = new Run({ roundSteps: 1, epochs: Infinity, steps: 7 }).join(0, 1, 2);
    for (let round = 0; round < 3; round++) run.steps(0, 1, 2).upload(...run.inTurn);
    expect(run.log.filter(({ kind }) => kind === 'merge')).toHaveLength(3);
    expect(run.state).toMatchObject({ phase: 'evaluating', steps: 7 });
  });

  it('skips the evaluation when nobody has test samples', () => {
    const run = new Run({ clients: 1 }).do({ kind: 'joined', client: 0, samples: 5, testSamples: 0 });
    run.steps(0).upload(0);
    expect(run.asked.at(-1)).toEqual({ kind: 'finish', error: null });
  });
});

describe('a sequential run', () => {
  it('lets one client train after the other', () => {
    const run = new Run(sequential).join(0, 1, 2);
    expect(run.asked).toEqual([{ kind: 'begin-turn', round: 0, work: [{ client: 0, steps: 2 }] }]);
    expect(run.steps(0, 0).upload(0).asked).toEqual([
      { kind: 'apply', client: 0 },
      { kind: 'apply', client: 0 },
      { kind: 'merge', round: 0, clients: [0] },
      { kind: 'begin-turn', round: 0, work: [{ client: 1, steps: 3 }] },
    ]);
    expect(run.steps(1, 1, 1).upload(1).asked.at(-1)).toMatchObject({ work: [{ client: 2, steps: 1 }] });
    expect(run.steps(2).upload(2).asked.at(-1)).toEqual({ kind: 'begin-evaluation', round: 1, clients: [0, 1, 2] });
  });

  it('passes over clients that left before their turn', () => {
    const run = new Run(sequential).join(0, 1, 2).leave(1).steps(0, 0).upload(0);
    expect(run.asked.at(-1)).toMatchObject({ kind: 'begin-turn', work: [{ client: 2 }] });
  });

  it('goes on with the next client when one leaves in its turn', () => {
    const run = new Run(sequential).join(0, 1, 2).steps(0).leave(0);
    expect(run.asked.slice(-2)).toEqual([
      { kind: 'merge', round: 0, clients: [] },
      { kind: 'begin-turn', round: 0, work: [{ client: 1, steps: 3 }] },
    ]);
  });
});

describe('a client that leaves', () => {
  it('before the run begins frees its place', () => {
    const run = new Run().join(0, 1).leave(1);
    expect(placeOf(hello, run.state, new Set([0]))).toBe(1);
    expect(run.join(1).log).toEqual([]);
    expect(run.join(2).log).toHaveLength(1);
  });

  it('during its turn loses its places and is not waited for', () => {
    const run = new Run().join(0, 1, 2).leave(1).steps(0, 2, 0);
    expect(run.applied.filter((client) => client === 1)).toEqual([]);
    expect(run.upload(0, 2).asked.at(-1)).toMatchObject({ kind: 'begin-evaluation', clients: [0, 2] });
  });

  it('while its step is on the lane has that step counted', () => {
    const run = new Run({ clients: 1 }).join(0).do({ kind: 'step-arrived', client: 0 });
    const two = new Run({ clients: 2 })
      .join(0, 1)
      .do({ kind: 'step-arrived', client: 0 }, { kind: 'step-arrived', client: 1 });
    const client = two.atWork[0] ?? -1;
    two.leave(client).do({ kind: 'step-applied', client, samples: 5 });
    expect(two.state).toMatchObject({ steps: 1, samples: 5 });
    expect(two.atWork).toEqual([1 - client]);
    // With nobody left, the run is over at once.
    expect(run.leave(0).asked.at(-1)).toMatchObject({ kind: 'finish', error: { code: 'NO_CLIENTS' } });
    expect(run.do({ kind: 'step-applied', client: 0, samples: 5 }).asked).toEqual([]);
  });

  it('because its step was refused frees the lane', () => {
    const run = new Run().join(0, 1, 2).do(...[0, 1, 2].map((client) => ({ kind: 'step-arrived', client }) as const));
    const client = run.atWork[0] ?? -1;
    run.leave(client).do({ kind: 'step-refused', client });
    expect(run.atWork).toHaveLength(1);
    expect(run.atWork).not.toContain(client);
    expect(run.state.steps).toBe(0);
  });

  it('after it has sent its bottom still counts in the merge', () => {
    const run = new Run().join(0, 1, 2).steps(0, 1, 2, 0, 1, 1).upload(2).leave(2).upload(0, 1);
    expect(run.log).toContainEqual({ kind: 'merge', round: 0, clients: [2, 0, 1] });
  });

  it('as the last one the merge waited for lets it happen', () => {
    const run = new Run().join(0, 1, 2).steps(0, 1, 2, 0, 1, 1).upload(2, 0).leave(1);
    expect(run.log).toContainEqual({ kind: 'merge', round: 0, clients: [2, 0] });
  });

  it('during the evaluation is not waited for', () => {
    const run = new Run().join(0, 1, 2).steps(0, 1, 2, 0, 1, 1).upload(2, 0, 1).evaluated(0).leave(1);
    expect(run.state.phase).toBe('evaluating');
    expect(run.leave(2).asked.at(-1)).toEqual({ kind: 'finish', error: null });
  });

  it('as the last of all is part of the state, which is whole once the lane is done', () => {
    const run = new Run({ clients: 1 }).join(0).do({ kind: 'step-arrived', client: 0 }).leave(0);
    expect(run.state).toMatchObject({ phase: 'finished', failure: { code: 'NO_CLIENTS' } });
    expect(run.atWork).toEqual([0]);
    expect(run.do({ kind: 'step-refused', client: 0 }).state).toMatchObject({ busy: new Map(), steps: 0 });
  });

  it.each(['training', 'evaluating'])('as the last of all, while %s, fails the run', (phase) => {
    const run = new Run().join(0, 1, 2);
    if (phase === 'evaluating') run.steps(0, 1, 2, 0, 1, 1).upload(0, 1, 2);
    expect(run.state.phase).toBe(phase);
    expect(run.leave(1, 0, 2).asked.at(-1)).toMatchObject({ kind: 'finish', error: { code: 'NO_CLIENTS' } });
  });
});
