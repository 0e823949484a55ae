import { TandemError } from './errors.js';
import type { Schedule } from './schedules.js';

interface PoolOptions {
  readonly pool?: number | undefined;
  readonly poolEvery?: number | undefined;
  readonly alignEvery?: number | undefined;
  readonly evaluateEvery?: number | undefined;
}

/** A pool is filled by bottoms that learn without the server; until it is, there is no top to test. */
export function refuseForPool({ name, auxiliary }: Schedule, options: PoolOptions): void {
  const { pool, poolEvery, alignEvery, evaluateEvery } = options;
  const refuse = (what: string, action = 'leave it out') => {
    throw new TandemError('BAD_OPTION', what, action);
  };
  if (pool === undefined) {
    if (poolEvery !== undefined)
      refuse(`poolEvery is ${poolEvery}, and there is no pool`, 'give --pool too, or leave it out');
    return;
  }
  if (!auxiliary) {
    const why = 'only bottoms that learn from an auxiliary head can do without the server until they have learned';
    refuse(`pool has no meaning with schedule '${name}': ${why}`, 'leave it out, or take --schedule local-loss');
  }
  if (alignEvery !== undefined) refuse('alignEvery has no meaning with a pool: while bottoms learn, nothing is sent');
  if (evaluateEvery !== undefined && evaluateEvery !== 1) {
    const what = `evaluateEvery is ${evaluateEvery}, and with a pool the model can be tested after each filling of it alone`;
    refuse(what, 'give --evaluate-every 1');
  }
}
