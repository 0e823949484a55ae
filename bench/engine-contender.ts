import { createInterface } from 'node:readline';
import { stepMaker, TimedTraining } from './training-step.js';

/**
 * One contender of `npm run bench:engine` and `bench:browser` in a process of its own, since tfjs kernels are global. Reads
 * lines of JSON, `{ net, ms }`, trains for about that long and answers `{ samples, ms }`; the first line it writes is what it is.
 */
async function main(name: string): Promise<void> {
  const maker = await stepMaker(name);
  answer({ version: maker.label });
  const training = new TimedTraining(maker);
  for await (const line of createInterface({ input: process.stdin })) {
    const { net, ms } = JSON.parse(line) as { net: string; ms: number };
    answer(await training.run(net, ms));
  }
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

await main(process.argv[2] ?? '');
