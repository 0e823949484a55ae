import { simulate } from 'tandem/simulator';
import { points, task } from './rings.js';

/** Hooks that end a run as soon as the mean loss of a round is low, with the model as it is then. */
let losses: number[] = [];
const hooks = {
  roundStart() {
    losses = [];
  },
  step({ loss }: { loss: number }) {
    losses.push(loss);
  },
  roundEnd({ round }: { round: number }) {
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    console.log(`round ${round}: mean loss ${mean.toFixed(3)}`);
    if (mean < 0.2) return { stop: `the mean loss of round ${round} is below 0.2` };
  },
};

const data = { train: points(800), test: points(300) };
const { summary } = await simulate({ task, data, clients: 4, epochs: 100, roundSteps: 10, engine: 'tfjs', hooks });
console.log(`stopped after ${summary.steps} steps, since ${summary.stopReason}`);
