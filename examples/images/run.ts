import { join, loadMnist } from 'tandem/client';
import { serve } from 'tandem/server';
import { limited } from 'tandem/shared';
import task from './task.js';

/** One server and two clients, here in one process; run `serve` and `join` on different machines just as well. */
const steps = Number(process.argv[2] ?? 400);
const clients = 2;

const { train, test = train } = await loadMnist();
const data = { train, test: limited(test, 2000) };

const server = await serve({ task, clients, steps });
console.log(`serving at ${server.url}`);

async function takePart(index: number): Promise<void> {
  for await (const { client, step, loss } of join(server.url, { data, shard: [index, clients] })) {
    if (step % 50 === 0) console.log(`client ${client}, step ${step}: loss ${loss.toFixed(4)}`);
  }
}
await Promise.all([takePart(0), takePart(1)]);

const { summary } = await server.finished;
console.log(`accuracy ${(100 * (summary.testAccuracy ?? 0)).toFixed(2)} % after ${summary.steps} steps`);
console.log(`sent: ${summary.bytes.up} bytes up, ${summary.bytes.down} bytes down, ${summary.bytes.total} in all`);
