import type { ArrayPreparation } from '../../preparation/preparation.js';
import { BATCH } from '../open-batch.js';
import type { GraphWriter } from '../graph-writer.js';

/** Arrays as they were given, in double precision: standardised, NaN where one is missing. Returns the same shape. */
export function preparedArrays(graph: GraphWriter, { shape, means, deviations }: ArrayPreparation): string {
  const given = graph.input('data', 'float64', [BATCH, ...shape]);
  const mean = graph.doubles([means.length], means);
  const known = graph.node('Where', [graph.node('IsNaN', [given]), mean, given]);
  const centred = graph.node('Sub', [known, mean]);
  return graph.cast(graph.node('Div', [centred, graph.doubles([deviations.length], deviations)]), 'float32');
}
