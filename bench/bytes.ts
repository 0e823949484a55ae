import { loadMnist } from '../client/node/data/mnist.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import { findTask } from '../shared/tasks/find-task.js';
import { parseArgs } from 'node:util';
import { simulate } from '../simulator/simulate.js';
import { onceAt } from './once.js';

/**
 * `npm run bench:bytes [-- --cut pool2 --seed 7]`: one run of two clients on all of MNIST whose smashed data travel once, over sockets. Its last line says
 * what it reached and what it cost: bytes of whole messages, both ways, labels, weights and signs of life included; tests apart.
 */
const { values } = parseArgs({
  options: { cut: { type: 'string', default: 'dense1' }, seed: { type: 'string', default: '1' } },
});
const { cut } = values;
const seed = Number(values.seed);
const loadedEngine = await chooseEngine('auto');
const options = { clients: 2, seed, loadedEngine, data: await loadMnist(), ...onceAt(cut) };
const { summary } = await simulate({
  task: { ...findTask('mnist'), cut },
  ...options,
  onEvent: (event) => {
    if (event.kind === 'round-started')
      process.stderr.write(`round ${event.round}, of ${event.planned} steps in all\n`);
    if (event.kind === 'pool')
      process.stderr.write(`pool: ${event.epoch} of ${event.epochs}, loss ${event.loss.toFixed(4)}\n`);
  },
});
const { testAccuracy: accuracy, evaluationBytes, seconds, bytes: counts } = summary;
const bytesWithEvaluation = counts.total + counts.link;
const bytes = bytesWithEvaluation - evaluationBytes;
console.log(JSON.stringify({ accuracy, bytes, bytesWithEvaluation, cut, seed, seconds: Math.round(seconds), counts }));
