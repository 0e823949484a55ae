import { describe, expect, it } from 'vitest';
import { findSchedule } from '../../shared/schedules.js';
import { Run, sequential } from './drive-run.js';

const parallel = { schedule: findSchedule('splitfed-v1') };
const deadline = 5;
const passed = { kind: 'deadline-passed' } as const;
const setDeadline = { kind: 'set-deadline', seconds: deadline } as const;
/** Is written down before anybody is told. */
const caughtUp = { kind: 'caught-up' };

/** Clients that are in a turn now. */
const inTurn = (run: Run) => run.inTurn;

describe('without a deadline', () => {
  it('nothing asks for one, and everybody is waited for', () => {
    const run = new Run(parallel).join(0, 1, 2).steps(0, 0, 2).upload(0, 2);
    expect(run.log.filter(({ kind }) => kind === 'set-deadline')).toEqual([]);
    expect(inTurn(run)).toEqual([0, 1, 2]);
  });
});

describe('at a deadline', () => {
  it('a round ends without the others once the quorum has sent its bottoms', () => {
    const run = new Run({ ...parallel, deadline, quorum: 0.6 }).join(0, 1, 2).steps(0, 0, 2).upload(0, 2);
    run.steps(1).log.length = 0;
    expect(run.do(passed).asked).toMatchObject([
      { kind: 'merge', round: 0, clients: [0, 2] },
      // The run has nothing more to do for those that are here.
      { kind: 'begin-evaluation', clients: [0, 2] },
      setDeadline,
    ]);
  });

  it('a round goes on without the silent, if the quorum remains', () => {
    const run = new Run({ ...parallel, deadline, quorum: 0.6 }).join(0, 1, 2).steps(0, 1, 1);
    run.log.length = 0;
    // Client 2 has said nothing since the round began; 0 and 1 have.
    expect(run.do(passed).asked).toEqual([setDeadline]);
    expect(inTurn(run)).toEqual([0, 1]);
    // Nobody has said anything since; the quorum of three is two.
    run.do(passed);
    expect(inTurn(run)).toEqual([0, 1]);
    run.steps(0, 1).do(passed);
    expect(inTurn(run)).toEqual([0, 1]);
  });

  it.each([
    ['alone in its round', [0], {}],
    ['one of three, where the quorum is all of them', [0, 1, 2], { quorum: 1 }],
  ])('who is silent for ten deadlines is not waited for any more: %s', (_, clients, own) => {
    const run = new Run({ ...parallel, deadline, clients: clients.length, ...own }).join(...clients);
    for (let times = 0; times < 9; times++) run.steps(...clients.slice(1)).do(passed);
    expect(inTurn(run)).toEqual(clients);
    run.steps(...clients.slice(1)).do(passed);
    expect(inTurn(run)).not.toContain(0);
  });

  it('nobody is dropped whose step waits for its place behind another', () => {
    const run = new Run({ deadline, quorum: 0.5 }).join(0, 1, 2);
    const [first] = run.places;
    const others = [0, 1, 2].filter((client) => client !== first);
    run.steps(...others);
    expect(run.applied).toEqual([]);
    run.do(passed).do(passed);
    expect(inTurn(run)).toEqual(others);
    expect(run.applied).toHaveLength(1);
  });

  it('a turn of one goes on to the next client', () => {
    const run = new Run({ ...sequential, deadline }).join(0, 1, 2).steps(0);
    run.do(passed);
    expect(inTurn(run)).toEqual([0]);
    run.log.length = 0;
    run.do(passed);
    expect(inTurn(run)).toEqual([1]);
    expect(run.asked).toMatchObject([{ kind: 'merge', clients: [] }, { kind: 'begin-turn' }, setDeadline]);
  });

  it('a run begins with those that have joined, if they are the quorum', () => {
    const run = new Run({ ...parallel, deadline, quorum: 0.6 }).join(2);
    expect(run.asked).toEqual([setDeadline]);
    expect(run.do(passed).state.phase).toBe('gathering');
    run.join(0).do(passed);
    expect(inTurn(run)).toEqual([0, 2]);
    run.join(1).steps(0, 0, 2);
    expect(inTurn(run)).toEqual([0, 2]);
    run.upload(0, 2);
    expect(inTurn(run)).toEqual([1]);
  });

  it('an evaluation goes on without those that ask nothing', () => {
    const run = new Run({ ...parallel, deadline }).join(0, 1, 2).steps(0, 0, 1, 1, 1, 2).upload(0, 1, 2);
    run.do({ kind: 'queried', client: 1, samples: 5 }, { kind: 'predicted', client: 1 }, passed);
    expect([...run.state.evaluating]).toEqual([1]);
    expect(run.do(passed).state.phase).toBe('finished');
  });
});

describe('what is left to do', () => {
  const evaluating = (more = {}) =>
    new Run({ ...parallel, deadline, ...more }).join(0, 1, 2).steps(0, 0, 1, 1, 1, 2).upload(0, 1, 2);
  const asks = (client: number, samples: number) => ({ kind: 'queried', client, samples }) as const;
  const answered = (client: number) => ({ kind: 'predicted', client }) as const;
  /** A client with 300 steps to do, whose turn it is. */
  const long = () =>
    new Run({ ...sequential, deadline, epochs: 2 })
      .do({ kind: 'joined', client: 0, samples: 2_100, testSamples: 0 })
      .join(1, 2);

  it('is measured in turns: a step or two at each deadline do not keep one', () => {
    const run = long().steps(0, 0).do(passed).steps(0).do(passed);
    expect(inTurn(run)).toEqual([0]);
    expect(inTurn(run.steps(0, 0).do(passed))).toEqual([1]);
    // Its part of this round is over; the next one has another.
    expect(run.state.members.get(0)).toMatchObject({ done: 5, missed: 295 });
    run.do({ kind: 'step-arrived', client: 0 }).steps(1, 1, 1).upload(1).steps(2).upload(2);
    expect(inTurn(run)).toEqual([0]);
  });

  it.each([[[3, 1, 2, 3, 1, 1]], [[1, 1, 3, 3]], [[7, 2, 1, 9]]])('is measured in a row of deadlines: %o', (each) => {
    const run = long();
    for (const count of each) run.steps(...Array<number>(count).fill(0)).do(passed);
    expect(inTurn(run)).toEqual([0]);
  });

  it('is measured of those who train side by side, too', () => {
    const run = new Run({ ...parallel, deadline, quorum: 0.6 })
      .do({ kind: 'joined', client: 0, samples: 700, testSamples: 0 })
      .join(1, 2)
      .steps(1, 1, 1)
      .upload(1);
    for (let i = 0; i < 3; i++) run.steps(0, 2, 2, 2).do(passed);
    expect(inTurn(run)).not.toContain(0);
  });

  it('is measured in an evaluation: one sample at each deadline is not enough', () => {
    const run = evaluating();
    for (let i = 0; i < 2; i++) run.do(asks(1, 1), answered(1), asks(2, 21), answered(2), passed);
    expect([...run.state.evaluating]).toEqual([1, 2]);
    run.do(asks(1, 1), answered(1), asks(2, 21), answered(2), passed);
    expect([...run.state.evaluating]).toEqual([2]);
  });

  it('is not measured of who waits for an answer', () => {
    const run = evaluating().do(asks(1, 1), asks(1, 1), answered(1));
    for (let i = 0; i < 7; i++) run.do(passed);
    expect([...run.state.evaluating]).toEqual([1]);
    run.do(answered(1), passed);
    expect(run.state.phase).toBe('finished');
  });

  it('stays with the place of a client that leaves and comes again', () => {
    const run = new Run({ ...parallel, epochs: 2 }).join(0, 1, 2).steps(0, 0, 1, 2).leave(1).join(1).upload(0, 2);
    // Of its six steps it had done one.
    expect(run.state.turn?.work).toEqual([
      { client: 0, steps: 2 },
      { client: 1, steps: 3 },
      { client: 2, steps: 1 },
    ]);
    run.steps(0, 0, 1, 1, 1, 2).upload(0, 1, 2);
    expect(run.state.turn?.work).toEqual([{ client: 1, steps: 2 }]);
  });

  it.each([0, 1])('comes to an end however often two leave in turns, after %i steps each', (steps) => {
    const run = new Run({ ...parallel, epochs: 3 }).join(0, 1, 2);
    let rounds = 0;
    for (; run.state.phase === 'training' && rounds < 100; rounds++) {
      for (const client of [1, 2]) if (steps > 0 && inTurn(run).includes(client)) run.steps(client);
      const [goes, stays] = rounds % 2 === 0 ? [1, 2] : [2, 1];
      run.leave(goes).join(goes);
      const left = run.state.turn?.work.flatMap((work) =>
        work.client === goes ? [] : Array<number>(work.steps).fill(work.client),
      );
      run.steps(...(left ?? [])).upload(...inTurn(run).filter((client) => client !== goes || stays === goes));
    }
    // Six, nine and three steps are planned.
    expect(rounds).toBeLessThanOrEqual(18);
    expect(run.state.phase).toBe('evaluating');
  });
});

describe('a straggler', () => {
  const straggling = () => {
    const run = new Run({ ...parallel, deadline, quorum: 0.6, roundSteps: 1 }).join(0, 1, 2).steps(0, 1).upload(0, 1);
    run.do(passed).log.length = 0;
    expect(inTurn(run)).toEqual([0, 1]);
    return run;
  };

  it('is released when its step comes, and is in the next round', () => {
    const run = straggling();
    const released = { kind: 'release', client: 2, round: 1 };
    expect(run.do({ kind: 'step-arrived', client: 2 }).asked).toEqual([caughtUp, released]);
    run.steps(0, 1).upload(0, 1);
    expect(inTurn(run)).toEqual([1, 2]);
  });

  it('that sends its bottom late is not counted, and is in the next round', () => {
    const run = straggling();
    expect(run.upload(2).asked).toEqual([caughtUp]);
    expect(run.state.turn?.uploaded).toEqual([]);
    run.steps(0, 1).upload(0, 1);
    expect(inTurn(run)).toEqual([1, 2]);
  });

  it('that never comes back holds up neither the rounds nor the evaluation', () => {
    const run = straggling().steps(0, 1).upload(0, 1).steps(1).upload(1).evaluated(0, 1);
    expect(run.state.phase).toBe('finished');
    expect(run.log.at(-1)).toEqual({ kind: 'finish', error: null });
  });

  it('whose step waits for its place is released at once', () => {
    const run = new Run({ deadline, quorum: 0.3, roundSteps: 1 }).join(0, 1, 2);
    const [first = -1, second = -1, third = -1] = run.places;
    run.steps(third, first).upload(first);
    run.log.length = 0;
    expect(run.do(passed).asked[0]).toEqual({ kind: 'release', client: third, round: 0 });
    expect([...run.state.members.values()].filter(({ lagging }) => lagging).map(({ client }) => client)).toEqual([
      second,
    ]);
  });

  it('that was the last one ends the run', () => {
    const run = straggling().leave(0, 1);
    expect(run.log.at(-1)).toMatchObject({ kind: 'finish', error: { code: 'NO_CLIENTS' } });
  });
});

describe('a client that owes the second half of a step', () => {
  const half = (client: number) =>
    [
      { kind: 'step-arrived', client },
      { kind: 'half-done', client },
    ] as const;
  const gradient = (client: number) => ({ kind: 'gradient-arrived', client }) as const;

  it('holds its own lane only, and the lane of all where there is one', () => {
    const own = new Run(parallel).join(0, 1, 2).do(...half(0), ...half(2));
    expect(own.atWork).toEqual([0, 2]);
    const shared = new Run().join(0, 1, 2);
    const [first = -1, second = -1] = shared.places;
    shared.do(...half(first), { kind: 'step-arrived', client: second });
    expect(shared.atWork).toEqual([first]);
    shared.log.length = 0;
    shared.do(gradient(first), { kind: 'step-applied', client: first, samples: 5 });
    expect(shared.asked).toEqual([
      { kind: 'second-half', client: first },
      { kind: 'apply', client: second },
    ]);
  });

  it.each(['splitfed-v1', 'splitfed-v2'])('%s: is dropped when it is silent, and released when it speaks', (name) => {
    const run = new Run({ schedule: findSchedule(name), deadline, quorum: 0.3 }).join(0, 1, 2);
    const [first = -1, second = -1] = run.places;
    run.do(...half(first), { kind: 'step-arrived', client: second });
    // It has spoken since the turn began.
    run.do(passed);
    expect(inTurn(run)).toContain(first);
    run.log.length = 0;
    run.do(passed);
    expect(inTurn(run)).not.toContain(first);
    expect(run.asked[0]).toEqual({ kind: 'undo', client: first });
    expect(run.atWork).toEqual([second]);
    run.log.length = 0;
    expect(run.do(gradient(first)).asked).toEqual([caughtUp, { kind: 'release', client: first, round: 0 }]);
    expect(run.state.members.get(first)).toMatchObject({ done: 0, lagging: false });
  });

  it('that is dropped while the lane does the first half frees it afterwards', () => {
    const run = new Run({ ...parallel, deadline, quorum: 0.6 }).join(0, 1, 2);
    run.steps(0, 0, 2).upload(0, 2).do({ kind: 'step-arrived', client: 1 }).do(passed);
    expect(run.state.phase).toBe('training');
    run.log.length = 0;
    expect(run.do({ kind: 'half-done', client: 1 }).asked.slice(0, 2)).toMatchObject([
      { kind: 'undo', client: 1 },
      { kind: 'merge', clients: [0, 2] },
    ]);
  });
});

describe('staleness', () => {
  const arrive = (run: Run, client: number) => {
    run.do({ kind: 'step-arrived', client });
    if (run.atWork.length === 0) return false;
    run.do({ kind: 'step-applied', client, samples: 5 });
    return true;
  };

  it.each([0, 1])('keeps the step of a client that is %i ahead until the others have caught up', (staleness) => {
    const run = new Run({ schedule: findSchedule('async'), staleness }).join(0, 1, 2);
    for (let i = 0; i <= staleness; i++) expect(arrive(run, 1)).toBe(true);
    expect(arrive(run, 1)).toBe(false);
    run.steps(0);
    expect(run.applied).toEqual([...Array<number>(staleness + 1).fill(1), 0]);
    run.steps(2);
    expect(run.applied).toEqual([...Array<number>(staleness + 1).fill(1), 0, 2, 1]);
  });
});
