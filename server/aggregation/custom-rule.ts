import type { Combined, CombineReplicas } from '../../shared/aggregation.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { meanOf } from './mean.js';
import type { Rule } from './rule.js';

/** A custom rule over trained weights. Moving averages take the mean weighted by samples. */
export function customRule(combine: CombineReplicas): Rule {
  return (current, replicas, { slots }) => {
    // It gets copies: whatever it does with them, the replicas stay as the clients sent them.
    const given = replicas.map(({ client, samples, trained }) => ({ client, samples, weights: trained.slice() }));
    const { weights, memory } = outcomeOf(combine, () =>
      combine(given, { weights: current.trained.slice(), memory: slots.map((slot) => slot.slice()) }),
    );
    if (weights.length !== current.trained.length)
      throw fault(combine, `returned ${weights.length} weights of ${current.trained.length}`);
    const bad = weights.findIndex((weight) => !Number.isFinite(weight));
    if (bad >= 0) throw fault(combine, `returned ${weights[bad] ?? NaN} as weight ${bad}`);
    return { trained: weights, moving: meanOf(replicas).moving, state: { slots: memory } };
  };
}

function outcomeOf(combine: CombineReplicas, call: () => unknown): Combined {
  let answer: unknown;
  try {
    answer = call();
  } catch (error) {
    throw fault(combine, `threw: ${asTandemError(error).message}`);
  }
  const outcome: Partial<Combined> =
    answer instanceof Float64Array ? { weights: answer, memory: [] } : { ...(answer as Partial<Combined>) };
  const { weights, memory } = outcome;
  if (!(weights instanceof Float64Array)) throw fault(combine, 'returned no Float64Array of weights');
  if (!Array.isArray(memory) || !memory.every((slot) => slot instanceof Float64Array))
    throw fault(combine, 'returned a memory that is no list of Float64Arrays');
  return { weights, memory };
}

function fault({ name }: CombineReplicas, what: string): TandemError {
  return new TandemError('BAD_OPTION', `the aggregation '${name}' ${what}`, 'mend the function that aggregates');
}
