import { describe, expect, it } from 'vitest';
import { waitingAgain } from '../../server/run/failure.js';
import { snapshotRun, restoreRun } from '../../server/run/run-state-snapshot.js';
import { findSchedule } from '../../shared/schedules.js';
import { Run } from './drive-run.js';

const parallel = { schedule: findSchedule('splitfed-v1') };
const deadline = 5;
const passed = { kind: 'deadline-passed' } as const;
const setDeadline = { kind: 'set-deadline', seconds: deadline } as const;

describe('a run with a deadline that goes on from a checkpoint', () => {
  const goOn = (run: Run, replay: readonly number[] = []) => {
    run.state = restoreRun(run.state.settings, snapshotRun(run.state), replay);
    run.log.length = 0;
    return run.do({ kind: 'resumed' });
  };

  it('waits for a deadline again', () => {
    const run = goOn(new Run({ ...parallel, deadline, quorum: 0.6 }).join(0, 1, 2).steps(0, 0, 1).upload(0));
    expect(run.asked).toEqual([setDeadline]);
    run.steps(1).upload(1).do(passed);
    expect(run.asked).toContainEqual(expect.objectContaining({ kind: 'merge', clients: [0, 1] }));
  });

  it('lets nobody go whose step others were told of before', () => {
    const run = goOn(
      new Run({ schedule: findSchedule('async'), deadline, quorum: 0.3 }).join(0, 1, 2).steps(0),
      [2, 1],
    );
    run.steps(1);
    for (let times = 0; times < 12; times++) run.do(passed);
    expect(run.inTurn).toEqual([0, 1, 2]);
    run.steps(2);
    expect(run.applied.slice(-2)).toEqual([2, 1]);
  });

  it('counts who is here, where all had left and it waits for them', () => {
    const run = new Run({ ...parallel, deadline, quorum: 0.6 }).join(0, 1, 2).steps(0);
    const snapshot = {
      ...waitingAgain(
        snapshotRun(
          run.do({ kind: 'left', client: 0 }, { kind: 'left', client: 1 }, { kind: 'left', client: 2 }).state,
        ),
      ),
      turn: null,
      turns: [],
    };
    run.state = restoreRun(run.state.settings, snapshot);
    run.log.length = 0;
    run.join(1);
    expect(run.asked).toEqual([setDeadline]);
    expect(run.do(passed).state.phase).toBe('gathering');
    expect(run.join(2).do(passed).state.phase).toBe('training');
  });
});
