import type { ArrayPreparation } from '../../preparation/preparation.js';
import { BATCH } from '../open-batch.js';
import type { GraphWriter } from '../graph-writer.js';

/** Arrays as they were given, in double precision: standardised. Answers the same shape. */
export function preparedArrays(graph: GraphWriter, { shape, means, deviations }: ArrayPreparation): string {
  const given = graph.input('data', 'float64', [BATCH, ...shape]);
  const centred = graph.node('Sub', [given, graph.doubles([means.length], means)]);
  return graph.cast(graph.node('Div', [centred, graph.doubles([deviations.length], deviations)]), 'float32');
}
