import type { Measured, RunEvent } from '../events.js';
import type { Placement } from '../topologies.js';
import { decide } from './decide.js';
import type { Judged } from './label-kind.js';
import type { MetricName } from './metrics.js';

/** What a run says of its metrics before it begins; those that were refused have ended it. */
export function measuring(names: readonly MetricName[], judged: Judged, loss: Placement['loss']): RunEvent {
  const metrics = names.flatMap((name): Measured[] => {
    const decision = decide(name, judged, loss);
    if (decision.how === 'refused') return [];
    return [{ name, how: decision.how, why: decision.how === 'approximate' ? decision.why : null }];
  });
  return { kind: 'measuring', metrics };
}

/** For people. */
export function sayMeasuring(metrics: readonly Measured[]): string {
  if (metrics.length === 0) return 'tests measure the loss only: the task lists no metrics';
  const exact = metrics.filter(({ how }) => how === 'exact').map(({ name }) => name);
  const others = metrics
    .filter(({ how }) => how !== 'exact')
    .map(({ name, why }) => `${name} approximately, ${why ?? ''}`);
  return `tests measure ${[exact.length > 0 ? `${exact.join(', ')} exactly` : '', ...others].filter(Boolean).join('; ')}`;
}
