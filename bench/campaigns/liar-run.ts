import { connect } from '../../client/node/connect.js';
import { participate } from '../../client/participate.js';
import type { RunResult } from '../../server/run/summarise.js';
import { serve } from '../../server/serve.js';
import type { Engine } from '../../shared/engine/engine.js';
import { asTandemError } from '../../shared/errors.js';
import { areFinite } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import { lie } from './liar.js';
import { smallData, smallTask } from './small-run.js';

const SCHEDULES = ['splitfed-v1', 'splitfed-v2', 'splitfed-v3', 'sequential', 'async', 'fedavg'] as const;
const RULES = ['mean', 'median', 'clip:1+mean'] as const;
const HONEST = 2;
/** By then a run has ended by its plan or by its deadlines. */
const MOST_SECONDS = 30;
/** `/healthz` answers once the event loop turns. */
const MOST_PAUSE_MS = 1_000;
const MOST_MEGABYTES = 256;

/** A run of two honest clients and up to two that lie, all drawn from a seed. Answers what did not hold. */
export async function runWithLiars(seed: string, engine: Engine): Promise<readonly string[]> {
  const rng = createRng('liars', seed);
  const schedule = SCHEDULES[rng.int(SCHEDULES.length)] ?? 'splitfed-v1';
  const drawn = RULES[rng.int(RULES.length)] ?? 'mean';
  // In turns there is one replica, and nothing to aggregate.
  const aggregation = schedule === 'sequential' ? 'mean' : drawn;
  const liars = 1 + rng.int(2);
  const before = process.memoryUsage.rss();
  const server = await serve({
    task: smallTask,
    clients: HONEST + liars,
    schedule,
    aggregation,
    epochs: 2,
    deadline: 0.5,
    evaluateEvery: 1,
    seed: rng.int(1_000),
    grace: 0,
    loadedEngine: engine,
    dashboard: false,
  });
  const watch = longestPause();
  const lies = Array.from({ length: liars }, (_, i) => lie(server.url, `${seed}/${i}`, schedule === 'fedavg'));
  const honest = Array.from({ length: HONEST }, () => train(server.url, engine));
  const ended = Promise.all([...honest, server.finished.catch((error: unknown) => asTandemError(error).line)]);
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), 1000 * MOST_SECONDS).unref());
  const ends = await Promise.race([ended, late]);
  await server.close();
  await Promise.all(lies);
  const wrong = ends === 'late' ? [`did not end within ${MOST_SECONDS} s`] : violations(ends);
  if (watch.stop() > MOST_PAUSE_MS) wrong.push(`did not answer for ${Math.round(watch.stop())} ms`);
  const grown = (process.memoryUsage.rss() - before) / 1024 / 1024;
  if (grown > MOST_MEGABYTES) wrong.push(`grew by ${Math.round(grown)} MB`);
  return wrong.map((what) => `${schedule}, ${aggregation}: ${what}`);
}

/** Honest clients finish; weights are finite; what is reported can be: 0 <= accuracy <= 1, 0 <= loss but for rounding, both or neither. */
function violations(ends: readonly (string | RunResult)[]): string[] {
  const result = ends.at(-1);
  const wrong = ends
    .slice(0, -1)
    .flatMap((end) => (end === 'finished' || typeof end === 'object' ? [] : [`an honest client: ${end}`]));
  if (typeof result !== 'object') return [...wrong, `the run failed: ${result}`];
  const { testAccuracy, testLoss } = result.summary;
  if (!areFinite(result.trained.weights)) wrong.push('weights are not finite');
  if (testAccuracy !== null && !(testAccuracy >= 0 && testAccuracy <= 1)) wrong.push(`accuracy ${testAccuracy}`);
  if (testLoss !== null && !(testLoss >= -1e-3 && testLoss < Infinity)) wrong.push(`loss ${testLoss}`);
  if ((testLoss === null) !== (testAccuracy === null)) wrong.push(`loss ${testLoss} beside accuracy ${testAccuracy}`);
  return wrong;
}

async function train(url: string, engine: Engine): Promise<string> {
  const { train: own } = smallData();
  try {
    for await (const _ of participate({ transport: await connect(url), data: { train: own, test: own }, engine }));
    return 'finished';
  } catch (error) {
    return asTandemError(error).line;
  }
}

/** The longest time in which the event loop did not turn. */
function longestPause(): { stop(): number } {
  let [last, longest] = [performance.now(), 0];
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 20);
    last = performance.now();
  }, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return longest;
    },
  };
}
