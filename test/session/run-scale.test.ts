import { describe, expect, it } from 'vitest';
import { advanceRun } from '../../server/run/run-reducer.js';
import { initialRun } from '../../server/run/run-state.js';
import { snapshotRun } from '../../server/run/run-state-snapshot.js';
import type { RunInput } from '../../server/run/run-state.js';
import { findSchedule } from '../../shared/schedules.js';
import { patient } from './drive-run.js';

const names = ['sequential', 'splitfed-v1', 'splitfed-v2', 'splitfed-v3', 'async', 'local-loss', 'fedavg'];

function begun(name: string, clients: number, samples: number) {
  const plan = { seed: 11, batch: 1, epochs: 1, steps: Infinity, roundSteps: undefined };
  const run = initialRun({ ...patient, ...plan, schedule: findSchedule(name), clients });
  const play = (...inputs: RunInput[]) => {
    for (let input = inputs.shift(); input; input = inputs.shift())
      for (const effect of advanceRun(run, input))
        if (effect.kind === 'apply') inputs.push({ kind: 'step-applied', client: effect.client, samples: 1 });
  };
  for (let client = 0; client < clients; client++) play({ kind: 'joined', client, samples, testSamples: 0 });
  return { run, play };
}

// What grows with the length of a round, or with its clients, would take minutes or all memory here.
describe.each(names)('%s', (name) => {
  it('takes rounds of a million steps, and of as many as a client may claim', () => {
    for (const steps of [1_000_003, Number.MAX_SAFE_INTEGER]) {
      const { run, play } = begun(name, 4, steps);
      for (let i = 0; i < 7; i++) for (const client of run.turn?.present ?? []) play({ kind: 'step-arrived', client });
      expect(run.steps).toBe(name === 'sequential' ? 7 : 28);
      expect(JSON.stringify(snapshotRun(run)).length).toBeLessThan(2_000);
    }
  });

  it('takes 10,000 clients', () => {
    const { run, play } = begun(name, 10_000, 2);
    while (run.phase === 'training') {
      for (const client of [...(run.turn?.present ?? []), ...(run.turn?.present ?? [])])
        play({ kind: 'step-arrived', client });
      for (const client of run.turn?.open ?? []) play({ kind: 'bottom-uploaded', client });
      play({ kind: 'merged' });
    }
    expect(run).toMatchObject({ phase: 'finished', steps: 20_000 });
  });
});
