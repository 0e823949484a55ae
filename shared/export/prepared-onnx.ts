import type * as tf from '@tensorflow/tfjs';
import { encodeModel, type DescribedValue } from '../engine/onnx/graph/encode-model.js';
import { TandemError } from '../errors.js';
import { answerOf } from '../preparation/answer.js';
import type { Preparation } from '../preparation/preparation.js';
import type { RunReading } from '../run-reading.js';
import { GraphWriter } from './graph-writer.js';
import { modelGraph, OPSET } from './onnx-file.js';
import { preparedAnswer } from './prepared/answer.js';
import { preparedArrays } from './prepared/arrays.js';
import { preparedPictures } from './prepared/pictures.js';
import { preparedSound } from './prepared/sound.js';
import { preparedTable } from './prepared/table.js';

export interface PreparedOnnx {
  readonly bytes: Uint8Array;
  readonly inputs: readonly DescribedValue[];
  readonly outputs: readonly DescribedValue[];
  readonly anyBatch: boolean;
}

/**
 * A model with all that comes before and after it as an .onnx file: raw data in, words and units out. The model is used up: dispose it.
 * Throws BAD_MODEL for a model that cannot be written.
 */
export function preparedOnnx(
  model: tf.LayersModel,
  { preparation, chances }: RunReading,
  metadata: Readonly<Record<string, string>> = {},
): PreparedOnnx {
  const { graph: own, anyBatch } = modelGraph(model);
  if (own.inputs.length !== 1)
    throw new TandemError('BAD_MODEL', `the model has ${own.inputs.length} inputs`, 'export it with --bare');
  const graph = new GraphWriter();
  const [outputs = ''] = graph.append(own, prepared(graph, preparation));
  preparedAnswer(graph, outputs, answerOf(preparation), chances ?? undefined);
  const { inputs, outputs: answers } = graph;
  const oneRow = ({ shape, ...value }: DescribedValue) => ({ ...value, shape: [1, ...shape.slice(1)] });
  const sized = anyBatch ? graph.graph : { ...graph.graph, inputs: inputs.map(oneRow), outputs: answers.map(oneRow) };
  return { bytes: encodeModel(sized, { opset: OPSET, metadata }), inputs, outputs: answers, anyBatch };
}

function prepared(graph: GraphWriter, preparation: Preparation): string {
  switch (preparation.kind) {
    case 'table':
      return preparedTable(graph, preparation.table);
    case 'images':
      return preparedPictures(graph, preparation);
    case 'sound':
      return preparedSound(graph, preparation);
    case 'arrays':
      return preparedArrays(graph, preparation);
  }
}
