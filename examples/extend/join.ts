import { join } from 'tandem/client';
import { serve } from 'tandem/server';
import { points, task } from './rings.js';

/** Two clients: one looks at its steps, as slowly as it likes; the other one only wants to know how it ended, and a third leaves. */
const server = await serve({ task, clients: 2, epochs: 4, engine: 'tfjs' });
const data = { train: points(400), test: points(100) };

const third = join(server.url, { data });
await third.leave();
await third.finished.catch((error: Error) => console.log(`the third: ${error.message}`));

const second = join(server.url, { data });
const first = join(server.url, { data });
for await (const { step, loss } of first) if (step % 50 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);

for (const [name, run] of Object.entries({ first, second })) {
  const { steps, testAccuracy } = await run.finished;
  console.log(`the ${name}: ${steps} steps in all, accuracy ${testAccuracy?.toFixed(2)}`);
}
