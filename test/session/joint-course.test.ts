import { describe, expect, it } from 'vitest';
import { rowsOfBatch } from '../../server/vertical/joint-members.js';
import { advanceJoint, rowsOfStep } from '../../server/vertical/joint-reducer.js';
import {
  initialJoint,
  type JointEffect,
  type JointInput,
  type JointSettings,
  type JointState,
} from '../../server/vertical/joint-state.js';

const settings: JointSettings = {
  parties: 3,
  batch: 7,
  epochs: 1,
  steps: Infinity,
  roundSteps: undefined,
  missing: 'wait',
  deadline: undefined,
};

/** A run of two passive parties and the active party 2, with 18 rows: steps of 7, 7 and 4. */
class Course {
  state: JointState;
  effects: readonly JointEffect[] = [];

  constructor(
    change: Partial<JointSettings> = {},
    private readonly toPredict = 0,
  ) {
    this.state = initialJoint({ ...settings, ...change });
    [1, 2, 0].forEach((party) => this.join(party));
  }

  join(party: number): this {
    return this.tell({ kind: 'joined', client: party, samples: 18, testSamples: 9, toPredict: this.toPredict });
  }

  tell(...inputs: readonly JointInput[]): this {
    for (const input of inputs) this.effects = advanceJoint(this.state, input);
    return this;
  }

  arrive(...parties: readonly number[]): this {
    return this.tell(...parties.map((party) => ({ kind: 'step-arrived', client: party }) as const));
  }

  /** To where all steps and the test are done. */
  trained(): this {
    for (const _ of [1, 2, 3]) this.arrive(0, 1, 2).applied();
    this.tell(...[0, 1, 2].map((client) => ({ kind: 'bottom-uploaded', client }) as const), { kind: 'merged' });
    return this.asked(0)
      .asked(1)
      .tell(...[0, 1, 2].map((client) => ({ kind: 'evaluated', client }) as const));
  }

  /** All parties ask about a batch, and are answered. */
  asked(batch: number): this {
    return this.tell(...[2, 0, 1].map((client) => ({ kind: 'queried', client, batch }) as const), {
      kind: 'predicted',
    });
  }

  applied(): this {
    return this.tell({ kind: 'step-applied', samples: rowsOfStep(this.state, this.state.steps + 1) });
  }
}

describe('the course of a vertical run', () => {
  it('begins when all parties are there, and knows the rows of each step', () => {
    const { state, effects } = new Course();
    expect(effects).toEqual([{ kind: 'train', round: 0, step: 1, steps: 3, clients: [0, 1, 2] }]);
    expect([1, 2, 3, 4].map((step) => rowsOfStep(state, step))).toEqual([7, 7, 4, 7]);
    expect([0, 1, 2].map((batch) => rowsOfBatch(state, batch))).toEqual([7, 2, 0]);
  });

  it('takes a step when the last part has come, whatever the order, and not before', () => {
    const course = new Course().arrive(2, 0);
    expect(course.effects).toEqual([]);
    expect(course.arrive(1).effects).toEqual([{ kind: 'apply', step: 1, clients: [2, 0, 1] }]);
    // Who is fast may send its next part while the lane works.
    course.arrive(0).applied().arrive(1);
    expect(course.arrive(2).effects).toEqual([{ kind: 'apply', step: 2, clients: [0, 1, 2] }]);
  });

  it('waits for a party that has left until it is back at the step of the others', () => {
    const course = new Course().arrive(0, 1, 2).applied().arrive(0, 2).tell({ kind: 'left', client: 1 });
    expect(course.effects).toEqual([]);
    expect(course.join(1).effects).toEqual([{ kind: 'train', round: 0, step: 2, steps: 2, clients: [1] }]);
    expect(course.arrive(1).effects).toEqual([{ kind: 'apply', step: 2, clients: [0, 2, 1] }]);
  });

  it('with missing = zero goes on without a party that has left, but never without labels', () => {
    const course = new Course({ missing: 'zero' }).arrive(0, 2).tell({ kind: 'left', client: 1 });
    expect(course.effects).toEqual([{ kind: 'apply', step: 1, clients: [0, 2] }]);
    course.applied().tell({ kind: 'left', client: 2 }).arrive(0);
    expect(course.effects).toEqual([]);
  });

  it('with a deadline goes on without a silent party, and brings it back when it speaks', () => {
    const course = new Course({ missing: 'zero', deadline: 3 }).arrive(0, 2).tell({ kind: 'deadline-passed' });
    expect(course.effects).toEqual([
      { kind: 'apply', step: 1, clients: [0, 2] },
      { kind: 'set-deadline', seconds: 3 },
    ]);
    expect(course.arrive(1).effects).toEqual([
      { kind: 'caught-up' },
      { kind: 'release', client: 1, round: 0 },
      { kind: 'train', round: 0, step: 2, steps: 2, clients: [1] },
    ]);
    course.applied().arrive(0, 2);
    expect(course.effects).toEqual([]);
    expect(course.arrive(1).effects).toEqual([{ kind: 'apply', step: 2, clients: [0, 2, 1] }]);
  });

  it('at a deadline without labels waits for another one', () => {
    const course = new Course({ missing: 'zero', deadline: 3 }).arrive(0, 1).tell({ kind: 'deadline-passed' });
    expect(course.effects).toEqual([{ kind: 'set-deadline', seconds: 3 }]);
  });

  it.each([
    [
      'the active party',
      [0, 1],
      /the active party's part of what comes after 0 steps did not come within 10 deadlines of 3 s/,
    ],
    ['any passive party', [2], /the part of any passive party/],
  ])('does not wait for %s without end', (_, heard, says) => {
    const course = new Course({ missing: 'zero', deadline: 3 }).arrive(...heard);
    for (let times = 0; times < 9; times++) course.tell({ kind: 'deadline-passed' });
    expect(course.effects).toEqual([{ kind: 'set-deadline', seconds: 3 }]);
    course.tell({ kind: 'deadline-passed' });
    expect(course.effects).toMatchObject([
      { kind: 'finish', error: { code: 'NO_CLIENTS', message: expect.stringMatching(says) as unknown } },
    ]);
  });

  it('waits for rows to be matched as long as parties come on with it, and not without end', () => {
    const [passed, matching] = [{ kind: 'deadline-passed' }, { kind: 'matching' }] as const;
    const state = initialJoint({ ...settings, missing: 'zero', deadline: 3 });
    let effects: readonly JointEffect[] = [];
    const tell = (input: JointInput) => (effects = advanceJoint(state, input));
    for (let times = 0; times < 30; times++) [matching, passed, passed].forEach(tell);
    expect(effects).toEqual([{ kind: 'set-deadline', seconds: 3 }]);
    for (let times = 0; times < 8; times++) tell(passed);
    expect(effects).toMatchObject([{ kind: 'finish', error: { code: 'NO_CLIENTS' } }]);
  });

  it('forgets the first half of a step when the active party leaves, and keeps what the others sent', () => {
    const course = new Course().arrive(0, 1, 2).tell({ kind: 'left', client: 2 });
    course.tell({ kind: 'step-undone', clients: [0, 1] }).join(2);
    expect(course.effects).toEqual([{ kind: 'train', round: 0, step: 1, steps: 3, clients: [2] }]);
    expect(course.arrive(2).effects).toEqual([{ kind: 'apply', step: 1, clients: [0, 1, 2] }]);
  });

  it.each([
    ['one says', 0, [7, 9]],
    ['one says of its test rows', 1, [18, 2 ** 53 - 1]],
    ['the active one says', 2, [17, 9]],
  ])('turns away who has other rows than most: %s so', (_says, liar, [samples = 0, testSamples = 0]) => {
    // Whoever it is, it comes first.
    const order = [liar, ...[0, 1, 2].filter((party) => party !== liar)];
    const state = initialJoint(settings);
    const join = (client: number, claim = {}): readonly JointEffect[] =>
      advanceJoint(state, { kind: 'joined', client, samples: 18, testSamples: 9, ...claim });
    const effects = order.flatMap((party) => join(party, party === liar ? { samples, testSamples } : {}));
    expect(effects).toMatchObject([{ kind: 'turn-away', client: liar, run: { samples: 18, testSamples: 9 } }]);
    advanceJoint(state, { kind: 'left', client: liar });
    expect(join(liar)).toEqual([{ kind: 'train', round: 0, step: 1, steps: 3, clients: [0, 1, 2] }]);
  });

  it('believes the active party where no rows are those of most', () => {
    const state = initialJoint(settings);
    const effects = [18, 19, 20].flatMap((samples, client) =>
      advanceJoint(state, { kind: 'joined', client, samples, testSamples: 9 }),
    );
    expect(effects).toMatchObject([
      { kind: 'turn-away', client: 0 },
      { kind: 'turn-away', client: 1 },
    ]);
  });

  it('predicts rows at the end with the model it ends with, and then is over', () => {
    const course = new Course({}, 8).trained();
    expect(course.effects).toEqual([{ kind: 'recall' }]);
    expect(course.tell({ kind: 'recalled' }).effects).toEqual([
      { kind: 'begin-predicting', round: 1, clients: [0, 1, 2] },
    ]);
    expect([0, 1, 2].map((batch) => rowsOfBatch(course.state, batch))).toEqual([7, 1, 0]);
    course.tell({ kind: 'queried', client: 1, batch: 0 }, { kind: 'queried', client: 2, batch: 0 });
    expect(course.effects).toEqual([]);
    course.tell({ kind: 'queried', client: 0, batch: 0 });
    expect(course.effects).toEqual([{ kind: 'predict', batch: 0, clients: [1, 2, 0] }]);
    course.tell({ kind: 'predicted' }).asked(1);
    course.tell({ kind: 'evaluated', client: 2 }, { kind: 'evaluated', client: 0 });
    expect(course.effects).toEqual([]);
    course.tell({ kind: 'evaluated', client: 1 });
    expect(course.effects).toEqual([
      { kind: 'tell-predicted', rows: 8, of: 8 },
      { kind: 'finish', error: null },
    ]);
  });

  const atBatch = (batch: number) => {
    const course = new Course({ missing: 'zero', deadline: 3 }, 20).trained().tell({ kind: 'recalled' });
    for (let done = 0; done < batch; done++) course.asked(done);
    return course;
  };

  it.each([
    [
      'a party leaves before they begin',
      0,
      () => new Course({}, 20).trained().tell({ kind: 'left', client: 1 }, { kind: 'recalled' }),
    ],
    ['a party leaves', 7, () => atBatch(1).tell({ kind: 'left', client: 2 })],
    [
      'a party leaves while the lane works',
      14,
      () =>
        atBatch(1).tell(
          ...[0, 1, 2].map((client) => ({ kind: 'queried', client, batch: 1 }) as const),
          { kind: 'left', client: 0 },
          { kind: 'predicted' },
        ),
    ],
    ['all leave', 7, () => atBatch(1).tell(...[0, 1, 2].map((client) => ({ kind: 'left', client }) as const))],
    ['a party is silent for longer than the deadline', 14, () => atBatch(2).tell({ kind: 'deadline-passed' })],
  ])('ends well with the rows that were predicted when %s', (_why, rows, end) => {
    const { state, effects } = end();
    expect(state).toMatchObject({ phase: 'finished', failure: null });
    if (_why !== 'all leave')
      expect(effects).toEqual([
        { kind: 'tell-predicted', rows, of: 20 },
        { kind: 'finish', error: null },
      ]);
  });

  it('predicts nothing where zeros would have to stand for a party', () => {
    const course = new Course({ missing: 'zero' }, 20);
    for (const _ of [1, 2, 3]) course.arrive(0, 1, 2).applied();
    course.tell({ kind: 'left', client: 0 });
    course.tell(...[1, 2].map((client) => ({ kind: 'bottom-uploaded', client }) as const), { kind: 'merged' });
    for (const batch of [0, 1])
      course.tell(...[1, 2].map((client) => ({ kind: 'queried', client, batch }) as const), { kind: 'predicted' });
    course.tell({ kind: 'evaluated', client: 1 }, { kind: 'evaluated', client: 2 });
    expect(course.effects).toEqual([
      { kind: 'tell-predicted', rows: 0, of: 20 },
      { kind: 'finish', error: null },
    ]);
  });

  it.each([
    ['passive, says other rows to predict than most', [6, 5, 5], [0]],
    ['passive, has none', [0, 4, 4], [0]],
    ['active, has other ones than the two others', [4, 4, 0], [2]],
  ])('turns away who is %s', (_who, counts, away) => {
    const state = initialJoint(settings);
    const effects = counts.flatMap((toPredict, client) =>
      advanceJoint(state, { kind: 'joined', client, samples: 18, testSamples: 9, toPredict }),
    );
    expect(effects).toMatchObject(away.map((client) => ({ kind: 'turn-away', client })));
  });

  it('fails when nobody is left', () => {
    const course = new Course();
    [0, 1, 2].forEach((party) => course.tell({ kind: 'left', client: party }));
    expect(course.effects).toMatchObject([{ kind: 'finish', error: { code: 'NO_CLIENTS' } }]);
  });
});
