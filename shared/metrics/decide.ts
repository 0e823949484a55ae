import { TandemError } from '../errors.js';
import type { Placement } from '../topologies.js';
import type { Judged, LabelKind } from './label-kind.js';
import { metric, metricNames, type MetricName } from './metrics.js';

/** Whether a metric is measured, and how. */
export type Decision =
  | { readonly how: 'exact' }
  | { readonly how: 'approximate'; readonly why: string }
  | { readonly how: 'refused'; readonly why: string; readonly action: string };

const EXACT: Decision = { how: 'exact' };

/** The one place where it is decided which metric is measured of which labels, and how it is where the loss is the clients'. */
export function decide(name: MetricName, judged: Judged, loss: Placement['loss']): Decision {
  const { suits, from, ...rule } = metric(name);
  const { kind, classes } = judged;
  if (kind === undefined) return undecided(judged);
  if (!suits.includes(kind)) return refuse(`${needs(name)}, and labels are ${called[kind]}`, instead(judged));
  if ('binary' in rule && classes !== 2)
    return refuse(`is of two classes, the model's output has ${classes}`, instead(judged));
  if (from === 'ranking' && loss === 'client') return { how: 'approximate', why: BINNED };
  return EXACT;
}

/** Throws BAD_OPTION before a run rather than at its end: for a metric that says nothing true about the labels. */
export function checkMetrics(names: readonly MetricName[], judged: Judged): void {
  for (const name of names) {
    const decision = decide(name, judged, 'server');
    if (decision.how === 'refused')
      throw new TandemError('BAD_OPTION', `metric '${name}' ${decision.why}`, decision.action);
  }
}

const BINNED = 'counted in bins of the score, since labels stay at the clients';
const called: Readonly<Record<LabelKind, string>> = {
  class: 'class numbers',
  'one-hot': 'one-hot',
  binary: 'yes or no',
  'multi-label': 'several answers of yes or no',
  number: 'numbers',
};

function needs(name: MetricName): string {
  const { suits } = metric(name);
  if (suits.includes('number')) return 'compares numbers';
  return suits.includes('multi-label') ? 'counts right answers' : 'is of one answer a sample';
}

function undecided({ possible }: Judged): Decision {
  if (possible.length === 0)
    return refuse('finds nothing to compare: labels and outputs have different shapes', 'leave metrics empty');
  const kinds = possible.map((kind) => `kind: '${kind}'`).join(' or ');
  return refuse(
    'cannot tell what the labels mean: values of 0 or 1 may be one class of many, or several answers',
    `add ${kinds} to the label (docs/metrics.md)`,
  );
}

function refuse(why: string, action: string): Decision {
  return { how: 'refused', why, action };
}

/** What the labels can be judged by instead. */
function instead({ kind, classes }: Judged): string {
  const fit = metricNames.filter((name) => {
    const rule = metric(name);
    return kind !== undefined && rule.suits.includes(kind) && (!('binary' in rule) || classes === 2);
  });
  const other = kind === 'number' ? '; where labels are one-hot, or yes or no, say so with kind in the label' : '';
  return `use ${fit.join(', ')}${other}`;
}
