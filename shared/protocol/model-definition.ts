import { checkOptimizer } from '../engine/optimizer.js';
import { TandemError } from '../errors.js';
import type { HeldPart } from '../model/bottom-payload.js';
import type { LossName } from '../model/loss.js';
import type { MetricName } from '../metrics/metrics.js';
import type { LabelSpec } from '../task.js';

/** The payload of a `model` message, as JSON: all a client needs to hold and train its segments. */
export interface ModelDefinition {
  /** The bottom, and where the client has the loss, the top. */
  readonly segments: readonly [HeldPart, HeldPart?];
  readonly labels: readonly LabelSpec[];
  /** Null where the server has the loss. */
  readonly loss: LossName | null;
  /** What the client is to measure; none where the server does. */
  readonly metrics: readonly MetricName[];
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
  const { segments, labels, loss = null, metrics } = value ?? {};
  if (![segments, labels, metrics].every(Array.isArray)) {
    throw new TandemError('BAD_MESSAGE', 'the model definition lacks its segments, labels or metrics');
  }
  const [bottom, top, more] = (segments as readonly unknown[]).map(checkPart);
  if (!bottom || more || (top === undefined) !== (loss === null)) {
    throw new TandemError(
      'BAD_MESSAGE',
      'the model definition must hold a bottom, or a bottom and a top with its loss',
    );
  }
  if (loss !== null && typeof loss !== 'string') {
    throw new TandemError('BAD_MESSAGE', 'the loss of the model definition is not a name');
  }
  return { segments: top ? [bottom, top] : [bottom], labels: labels ?? [], loss, metrics: metrics ?? [] };
}

function checkPart(value: unknown): HeldPart {
  const { spec, optimizer } = (value ?? {}) as Partial<HeldPart>;
  const lists = [spec?.inputs, spec?.outputs, spec?.weights];
  if (typeof spec?.topology !== 'string' || !lists.every(Array.isArray)) {
    throw new TandemError('BAD_MESSAGE', 'the model definition lacks a topology, inputs, outputs or weights');
  }
  return { spec, optimizer: checkOptimizer(optimizer) };
}
