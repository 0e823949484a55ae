import { checkOptimizer, type OptimizerSpec } from '../engine/optimizer.js';
import { TandemError } from '../errors.js';
import type { SegmentSpec } from '../model/segment-spec.js';
import type { LabelSpec } from '../task.js';

/** The payload of a `model` message, as JSON: all a client needs to hold and train the bottom model. */
export interface ModelDefinition {
  readonly spec: SegmentSpec;
  readonly optimizer: OptimizerSpec;
  readonly labels: readonly LabelSpec[];
}

export function encodeModelDefinition(definition: ModelDefinition): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(definition));
}

/** Throws BAD_MESSAGE when a part is missing or of the wrong kind. */
export function decodeModelDefinition(payload: Uint8Array): ModelDefinition {
  let value: Partial<ModelDefinition> | null;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as typeof value;
  } catch {
    throw new TandemError('BAD_MESSAGE', 'the model definition is not JSON');
  }
  const { spec, optimizer, labels } = value ?? {};
  const lists = [spec?.inputs, spec?.outputs, spec?.weights, labels];
  if (typeof spec?.topology !== 'string' || !lists.every(Array.isArray)) {
    throw new TandemError('BAD_MESSAGE', 'the model definition lacks its topology, inputs, outputs, weights or labels');
  }
  return { spec, optimizer: checkOptimizer(optimizer), labels: labels ?? [] };
}
