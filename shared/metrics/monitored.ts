import { TandemError } from '../errors.js';
import { metric, type MetricName, type MetricValues } from './metrics.js';

/** The one value that tells the better of two evaluations: the mean test loss, or a metric of the task. */
export interface Monitored {
  readonly name: 'loss' | MetricName;
  readonly better: 'larger' | 'smaller';
}

/** Throws BAD_OPTION that lists what the task has to offer. */
export function monitored(name: string, ofTask: readonly MetricName[]): Monitored {
  const known: Monitored[] = [{ name: 'loss', better: 'smaller' }];
  for (const own of ofTask) {
    const { better } = metric(own);
    if (better) known.push({ name: own, better });
  }
  const found = known.find((candidate) => candidate.name === name);
  if (found) return found;
  const why = (ofTask as readonly string[]).includes(name)
    ? `'${name}' is no single number, so none of its values is the best`
    : `the task does not measure '${name}'`;
  throw new TandemError('BAD_OPTION', `monitor: ${why}`, `use one of: ${known.map((own) => own.name).join(', ')}`);
}

/** The metric that is shown where there is room for one: the accuracy, else the first that is one number; null for the test loss. */
export function leading(names: readonly MetricName[]): { readonly name: MetricName; readonly isShare: boolean } | null {
  const name = names.includes('accuracy') ? 'accuracy' : names.find((own) => metric(own).better !== null);
  // What is the better the larger it is, is a share of 1.
  return name === undefined ? null : { name, isShare: metric(name).better === 'larger' };
}

/** Null where the test samples leave it undefined. */
export function monitoredValue(
  { name }: Monitored,
  { loss, metrics }: { readonly loss: number | null; readonly metrics: MetricValues },
): number | null {
  const value = name === 'loss' ? loss : metrics[name];
  return typeof value === 'number' ? value : null;
}
