import { describe, expect, it } from 'vitest';
import { stoppedBy } from '../../server/run/run-reducer.js';
import { Run, sequential } from './drive-run.js';

const rule = { name: 'loss', better: 'smaller', every: 1, patience: undefined } as const;
/** One step of each client a round. */
const settings = { roundSteps: 1, epochs: 3, earlyStopping: rule };

function kinds(run: Run): string[] {
  return run.asked.map(({ kind }) => kind);
}

describe('a run that is evaluated on its way', () => {
  it('goes on to the next round when its clients have evaluated', () => {
    const run = new Run(settings).join(0, 1, 2).round();
    expect(run.asked.slice(-2)).toEqual([
      { kind: 'merge', round: 0, clients: [0, 1, 2] },
      { kind: 'begin-evaluation', round: 1, clients: [0, 1, 2] },
    ]);
    expect(run.evaluated(2, 0).asked).toEqual([]);
    expect(run.evaluated(1).asked).toEqual([{ kind: 'score', round: 1 }]);
    const scored = run.do({ kind: 'scored', value: 0.75 }).asked;
    expect(scored).toMatchObject([
      { kind: 'keep-model', round: 1 },
      { kind: 'begin-turn', round: 1 },
    ]);
    expect(run.state.earlyStopping).toEqual({ best: { round: 1, value: 0.75 }, waited: 0, round: 1 });
  });

  it('is evaluated every so many rounds, and once at the end', () => {
    const rounds: number[] = [];
    // Nine steps of the longest client: after rounds 2, 4, 6, 8 and the last, the ninth.
    const run = new Run({ ...settings, earlyStopping: { ...rule, every: 2 } }).join(0, 1, 2);
    for (let i = 0; run.state.phase !== 'finished' && i < 40; i++) {
      if (run.state.phase === 'training') run.round();
      else {
        rounds.push(run.state.round);
        run.scored(0.5);
      }
    }
    expect(rounds).toEqual([2, 4, 6, 8, 9]);
    expect(stoppedBy(run.state)).toBe('epochs');
    expect(run.log.filter(({ kind }) => kind === 'finish')).toHaveLength(1);
  });

  it('is not evaluated twice where the last round is due too', () => {
    const run = new Run({ ...settings, steps: 6 }).join(0, 1, 2).round().scored(0.5).round();
    run.log.length = 0;
    expect(kinds(run.scored(0.25))).toEqual(['score', 'keep-model', 'finish']);
    expect(stoppedBy(run.state)).toBe('steps');
  });

  it('stops when its patience is over, and keeps the best model only', () => {
    const run = new Run({ ...settings, earlyStopping: { ...rule, patience: 2 } }).join(0, 1, 2);
    const values = [0.5, 0.75, 0.25, 0.25, NaN];
    for (const value of values) run.round().scored(value);
    expect(run.log.flatMap((effect) => (effect.kind === 'keep-model' ? [effect.round] : []))).toEqual([1, 3]);
    expect(run.asked.at(-1)).toEqual({ kind: 'finish', error: null });
    expect(run.state).toMatchObject({
      phase: 'finished',
      earlyStopping: { best: { round: 3, value: 0.25 }, waited: 2 },
    });
    expect(stoppedBy(run.state)).toBe('patience');
  });

  it('looks for the larger value where that is the better one, from below 0 too', () => {
    const run = new Run({ ...settings, earlyStopping: { ...rule, name: 'auc', better: 'larger' } }).join(0, 1, 2);
    for (const value of [-3, -2, -2.5]) run.round().scored(value);
    expect(run.state.earlyStopping.best).toEqual({ round: 2, value: -2 });
  });

  it('counts no evaluation that says nothing', () => {
    const run = new Run({ ...settings, earlyStopping: { ...rule, patience: 1 } }).join(0, 1, 2);
    run.round().scored(0.5).round().scored(null);
    expect(run.state).toMatchObject({ phase: 'training', earlyStopping: { waited: 0, round: 2 } });
  });

  it('evaluates between the turns of no round', () => {
    const run = new Run({ ...sequential, ...settings }).join(0, 1, 2);
    run.round().round();
    expect(kinds(run)).not.toContain('begin-evaluation');
    expect(kinds(run.round()).at(-1)).toBe('begin-evaluation');
  });

  it('lets a client that comes late take part in the next round, and does not wait for one that leaves', () => {
    const run = new Run(settings).join(0, 1, 2).leave(1).round();
    run.log.length = 0;
    run.join(1).evaluated(0);
    expect(run.asked).toEqual([]);
    expect(run.leave(2).asked).toEqual([{ kind: 'score', round: 1 }]);
    expect(run.do({ kind: 'scored', value: 1 }).asked.at(-1)).toMatchObject({
      kind: 'begin-turn',
      work: [{ client: 0 }, { client: 1 }],
    });
  });

  it('goes on without a client that is silent at the deadline, and takes it back when it has evaluated', () => {
    const run = new Run({ ...settings, deadline: 9 }).join(0, 1, 2).round().evaluated(0);
    run.do({ kind: 'queried', client: 1, samples: 5 });
    run.log.length = 0;
    run.do({ kind: 'deadline-passed' });
    expect(kinds(run)).toEqual(['set-deadline']);
    run.evaluated(1).do({ kind: 'scored', value: 1 });
    expect(run.asked.find(({ kind }) => kind === 'begin-turn')).toMatchObject({
      work: [{ client: 0 }, { client: 1 }],
    });
    run.evaluated(2).round();
    expect(run.asked.at(-2)).toEqual({ kind: 'begin-evaluation', round: 2, clients: [0, 1, 2] });
  });

  it('waits on where everybody is silent, if there are rounds to come', () => {
    const run = new Run({ ...settings, deadline: 9 }).join(0, 1, 2).round();
    run.log.length = 0;
    run.do({ kind: 'deadline-passed' }, { kind: 'deadline-passed' });
    expect(kinds(run)).toEqual(['set-deadline', 'set-deadline']);
    expect(run.state).toMatchObject({ phase: 'evaluating', evaluating: new Set([0, 1, 2]) });
  });
});
