import { ML_DOMAIN } from '../../engine/onnx/graph/encode-model.js';
import type { Chances } from '../../model/chances.js';
import type { Answer } from '../../preparation/preparation.js';
import { BATCH } from '../open-batch.js';
import type { GraphWriter } from '../graph-writer.js';

/** Outputs as words and units: `label` and `probabilities` of classes, `prediction` of a number. */
export function preparedAnswer(
  graph: GraphWriter,
  outputs: string,
  answer: Answer,
  chances: Chances | undefined,
): void {
  if (answer.kind === 'number') {
    const scaled = graph.node('Mul', [graph.cast(outputs, 'float64'), graph.double(answer.deviation)]);
    const said = graph.node('Add', [scaled, graph.double(answer.mean)]);
    graph.output('prediction', graph.node('Reshape', [said, graph.integers(-1)]), 'float64', [BATCH]);
    return;
  }
  const own =
    chances === undefined ? outputs : graph.node(chances, [outputs], chances === 'Softmax' ? { axis: -1 } : {});
  const { length } = answer.classes;
  const all = chances === 'Sigmoid' && length === 2 ? bothOf(graph, own) : own;
  const best = graph.node('ArgMax', [all], { axis: 1, keepdims: 0 });
  const words = {
    keys_int64s: [...answer.classes.keys()],
    values_strings: { strings: answer.classes },
    default_string: '',
  };
  graph.output('label', graph.node('LabelEncoder', [best], words, ML_DOMAIN), 'string', [BATCH]);
  graph.output('probabilities', all, 'float32', [BATCH, length]);
}

/** The chances of no and of yes. */
function bothOf(graph: GraphWriter, yes: string): string {
  return graph.node('Concat', [graph.node('Sub', [graph.floats([], [1]), yes]), yes], { axis: 1 });
}
