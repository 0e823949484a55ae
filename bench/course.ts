import { advanceRun } from '../server/run/run-reducer.js';
import { initialRun } from '../server/run/run-state.js';
import type { RunEffect, RunInput } from '../server/run/run-state.js';
import { findSchedule } from '../shared/schedules.js';
import { count, machine } from './measuring.js';
import { writeResult } from './results.js';

/**
 * The course of a run alone, without tensors and links: how long the server's reducer takes for the joins and one round of many clients.
 * `npm run bench:course [clients] [steps of each]`. Writes bench/results/course.json.
 */
const [clients = 10_000, steps = 16] = process.argv.slice(2).map(Number);
const names = ['sequential', 'splitfed-v1', 'splitfed-v2', 'splitfed-v3', 'async', 'local-loss', 'fedavg'];

/** Plays one round with clients that do at once what they are told. */
function play(name: string): { joinsMs: number; roundMs: number } {
  const schedule = findSchedule(name);
  const plan = { batch: 1, epochs: 1, steps: Infinity, roundSteps: steps, participation: 1 };
  const waits = { staleness: 3, deadline: undefined, quorum: 1 };
  const run = initialRun({ schedule, clients, seed: 11, ...plan, ...waits });
  const left = new Map<number, number>();
  let [said, todo]: [RunInput[], RunEffect[]] = [[], []];
  const startedMs = performance.now();
  for (let client = 0; client < clients; client++)
    todo.push(...advanceRun(run, { kind: 'joined', client, samples: steps, testSamples: 0 }));
  const joinedMs = performance.now();
  const say = (client: number) =>
    said.push((left.get(client) ?? 0) > 0 ? { kind: 'step-arrived', client } : { kind: 'bottom-uploaded', client });
  while (todo.length > 0 || said.length > 0) {
    const effects = todo;
    todo = [];
    for (const effect of effects) {
      if (effect.kind === 'begin-turn')
        for (const work of effect.work) {
          left.set(work.client, work.steps);
          say(work.client);
        }
      if (effect.kind === 'merge') todo.push(...advanceRun(run, { kind: 'merged' }));
      if (effect.kind === 'apply') {
        todo.push(...advanceRun(run, { kind: 'step-applied', client: effect.client, samples: 1 }));
        left.set(effect.client, (left.get(effect.client) ?? 0) - 1);
        say(effect.client);
      }
    }
    const inputs = said;
    said = [];
    for (const input of inputs) todo.push(...advanceRun(run, input));
  }
  if (run.steps !== clients * steps) throw new Error(`${name} took ${run.steps} steps`);
  return { joinsMs: Math.round(joinedMs - startedMs), roundMs: Math.round(performance.now() - joinedMs) };
}

const schedules = Object.fromEntries(names.map((name) => [name, play(name)]));
const date = new Date().toISOString().slice(0, 10);
await writeResult('course', { date, machine: machine(), node: process.version, clients, steps, schedules });
console.log(`${count(clients)} clients, ${count(steps)} steps each`);
console.table(schedules);
