import { checkOptimizer } from '../engine/optimizer.js';
import { TandemError } from '../errors.js';
import type { HeldPart } from '../model/bottom-payload.js';
import type { LossName } from '../model/loss.js';
import type { MetricName } from '../metrics/metrics.js';
import type { LabelSpec } from '../task.js';

/** What a client does with a segment: `bottom`, below the cut to the server; `top`, above the server, with the loss. */
export const segmentRoles = ['bottom', 'top'] as const;

export type SegmentRole = (typeof segmentRoles)[number];

/** A segment of a client with its role. */
export interface DefinedPart extends HeldPart {
  readonly role: SegmentRole;
}

/** The payload of a `model` message, as JSON: all a client needs to hold and train its segments. */
export interface ModelDefinition {
  /** From the bottom up: one or more of role `bottom`, each of which feeds the next; where the client has the loss, a `top`. */
  readonly segments: readonly DefinedPart[];
  readonly labels: readonly LabelSpec[];
  /** Null where the server has the loss. */
  readonly loss: LossName | null;
  /** What the client is to measure; none where the server does. */
  readonly metrics: readonly MetricName[];
}

export function encodeModelDefinition(definition: ModelDefinition): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(definition));
}

/** Throws BAD_MESSAGE when a part is missing, of the wrong kind or in the wrong place. */
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
  const parts = (segments as readonly unknown[]).map(checkPart);
  checkRoles(parts, loss !== null);
  if (loss !== null && typeof loss !== 'string') {
    throw new TandemError('BAD_MESSAGE', 'the loss of the model definition is not a name');
  }
  return { segments: parts, labels: labels ?? [], loss, metrics: metrics ?? [] };
}

/** The segments that have a role, from the bottom up. */
export function partsOf({ segments }: Pick<ModelDefinition, 'segments'>, role: SegmentRole): DefinedPart[] {
  return segments.filter((part) => part.role === role);
}

function checkRoles(parts: readonly DefinedPart[], hasLoss: boolean): void {
  const roles = parts.map(({ role }) => role);
  const bottoms = roles.filter((role) => role === 'bottom').length;
  const tops: SegmentRole[] = hasLoss ? ['top'] : [];
  if (bottoms > 0 && roles.slice(bottoms).join() === tops.join()) return;
  throw new TandemError(
    'BAD_MESSAGE',
    `the model definition has the roles '${roles.join(', ')}' and ${hasLoss ? 'a' : 'no'} loss: ` +
      'it must hold bottoms, or bottoms and a top with its loss',
  );
}

function checkPart(value: unknown): DefinedPart {
  const { role, spec, optimizer } = (value ?? {}) as Partial<DefinedPart>;
  if (!segmentRoles.some((known) => known === role)) {
    throw new TandemError('BAD_MESSAGE', `a segment of the model definition has the role '${String(role)}'`);
  }
  const lists = [spec?.inputs, spec?.outputs, spec?.weights];
  if (typeof spec?.topology !== 'string' || !lists.every(Array.isArray)) {
    throw new TandemError('BAD_MESSAGE', 'the model definition lacks a topology, inputs, outputs or weights');
  }
  return { role: role as SegmentRole, spec, optimizer: checkOptimizer(optimizer) };
}
