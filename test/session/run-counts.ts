import type { RunState } from '../../server/run/run-state.js';
import type { Client } from './random-run.js';

/** What is wrong with the books of a run in which so many steps were applied. */
export function wrongCounts(
  { steps, samples, members, settings }: RunState,
  applied: number,
  clients: readonly Client[],
) {
  const wrong: string[] = [];
  if (steps !== applied || samples !== 3 * steps) wrong.push(`${steps} steps were counted`);
  if (steps > settings.steps) wrong.push('more steps were done than allowed');
  for (const { client, done } of members.values())
    if (done !== clients[client]?.done) wrong.push(`client ${client} has ${done} steps on the books`);
  return wrong;
}

/** What was left undone in a run that has ended well. */
export function leftUndone({ steps, settings }: RunState, clients: readonly Client[]): string[] {
  if (steps >= settings.steps || settings.deadline !== undefined) return [];
  const planned = ({ samples }: Client) => settings.epochs * Math.ceil(samples / settings.batch);
  const idle = clients.filter((client) => !client.gone && client.done !== planned(client));
  return idle.length === 0 ? [] : [`${idle.length} clients did not do all their steps`];
}
