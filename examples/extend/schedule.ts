import { simulate } from 'tandem/simulator';
import type { Schedule } from 'tandem/shared';
import { points, task } from './rings.js';

/** A schedule of one's own: tops as in splitfed-v1, and in each round only the half of the clients that have done least. */
const leastDoneFirst: Schedule = {
  name: 'least-done-first',
  lanes: 'per-client',
  clients: 'at-once',
  order: 'arrival',
  bottoms: 'averaged',
  plan: ({ clients }) =>
    [...clients]
      .sort((a, b) => a.done - b.done || a.client - b.client)
      .slice(0, Math.ceil(clients.length / 2))
      .map(({ client, usual }) => ({ client, steps: usual })),
  summary: 'the half of the clients that have done least, a top for each',
};

const data = { train: points(800), test: points(300) };
const run = { task, data, clients: 4, epochs: 20, engine: 'tfjs', transport: 'loopback' } as const;
const { summary, clients } = await simulate({ ...run, schedule: leastDoneFirst });
console.log(`${summary.schedule}: accuracy ${(100 * (summary.testAccuracy ?? 0)).toFixed(1)} %`);
console.log(clients.map(({ client, steps }) => `client ${client}: ${steps} steps`).join(', '));
