import { concatBytes } from '@noble/hashes/utils.js';
import { checkRunNames, type RunNames } from '../data/run-names.js';
import { checkOptimizer } from '../engine/optimizer.js';
import { TandemError } from '../errors.js';
import type { HeldPart } from '../model/bottom-payload.js';

import type { LossName } from '../model/loss-names.js';
import type { MetricName } from '../metrics/metrics.js';
import { bytesOf, type NdArray } from '../ndarray.js';
import type { LabelSpec } from '../task.js';
import { ConstantValues } from './constant-values.js';
import type { Pace } from './pace.js';
import { checkSpecs, checkWeightSpecs } from './check-specs.js';

/**
 * What a client does with a segment: `bottom`, below the cut to the server; `top`, above the server, with the loss; `whole`,
 * the undivided model with the loss; `auxiliary`, a head beside the server's segments, with a loss that bottoms learn from.
 */
export const segmentRoles = ['bottom', 'top', 'whole', 'auxiliary'] as const;

export type SegmentRole = (typeof segmentRoles)[number];

/** A segment of a client with its role. */
export interface DefinedPart extends HeldPart {
  readonly role: SegmentRole;
}

/** The payload of a `model` message, as JSON: all a client needs to hold and train its segments. */
export interface ModelDefinition {
  /** From the bottom up: one or more of role `bottom`, each of which feeds the next, then perhaps a `top` or an `auxiliary`; or one `whole`. */
  readonly segments: readonly DefinedPart[];
  readonly labels: readonly LabelSpec[];
  /** Null where only the server computes a loss. */
  readonly loss: LossName | null;
  /** What the client is to measure; none where the server does. */
  readonly metrics: readonly MetricName[];
  readonly pace: Pace;
  /** How often the server goes through the smashed data that it keeps; it keeps none where this is missing. */
  readonly keeps?: number;
  /** What label numbers and inputs stand for, where the task or a client before has said so. */
  readonly names?: RunNames;
  /** Only in a vertical run. */
  readonly joint?: JointDefinition;
}

/** What a party of a vertical run is told besides its segments. */
export interface JointDefinition {
  /** Whether it is the active party, which has the labels; it may have no bottom. */
  readonly active: boolean;
  /** Whether rows are in the common order already; otherwise they are matched by id first. */
  readonly aligned: boolean;
}

/** JSON, and where anything is frozen, a zero byte and the values of all segments' constants. */
export function encodeModelDefinition(definition: ModelDefinition): Uint8Array {
  const values: NdArray[] = [];
  const segments = definition.segments.map(({ spec: { constants = [], ...spec }, ...part }) => {
    constants.forEach(({ value }) => values.push(value));
    const described = constants.map(({ value: { dtype, shape }, ...named }) => ({ ...named, dtype, shape }));
    return { ...part, spec: described.length > 0 ? { ...spec, constants: described } : spec };
  });
  const json = new TextEncoder().encode(JSON.stringify({ ...definition, segments }));
  return values.length > 0 ? concatBytes(json, Uint8Array.of(0), ...values.map(bytesOf)) : json;
}

/** Throws BAD_MESSAGE when a part is missing, of the wrong kind or in the wrong place, BAD_VALUE for a constant that is not finite. */
export function decodeModelDefinition(payload: Uint8Array): ModelDefinition {
  const end = payload.indexOf(0);
  const json = end < 0 ? payload : payload.subarray(0, end);
  let value: Partial<ModelDefinition> | null;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)) as typeof value;
  } catch {
    throw new TandemError('BAD_MESSAGE', 'the model definition is not JSON');
  }
  const { segments, labels, loss = null, metrics, pace, keeps, names, joint } = value ?? {};
  if (![segments, labels, metrics].every(Array.isArray)) {
    throw new TandemError('BAD_MESSAGE', 'the model definition lacks its segments, labels or metrics');
  }
  checkSpecs(labels ?? [], 'label');
  const constants = new ConstantValues(end < 0 ? new Uint8Array() : payload.subarray(end + 1));
  const parts = (segments as readonly unknown[]).map((part) => checkPart(part, constants));
  constants.end();
  if (joint !== undefined && ![joint?.active, joint?.aligned].every((flag) => typeof flag === 'boolean')) {
    throw new TandemError('BAD_MESSAGE', "the model definition's part about joint steps is wrong");
  }
  checkRoles(parts, loss !== null, joint?.active === true);
  if (loss !== null && typeof loss !== 'string') {
    throw new TandemError('BAD_MESSAGE', 'the loss of the model definition is not a name');
  }
  return {
    segments: parts,
    labels: labels ?? [],
    loss,
    metrics: metrics ?? [],
    pace: checkPace(pace),
    ...(keeps === undefined ? {} : { keeps: checkKeeps(keeps) }),
    ...(names === undefined ? {} : { names: checkRunNames(names) }),
    ...(joint ? { joint } : {}),
  };
}

/** The segments that have a role, from the bottom up. */
export function partsOf({ segments }: Pick<ModelDefinition, 'segments'>, role: SegmentRole): DefinedPart[] {
  return segments.filter((part) => part.role === role);
}

/** A party that has labels only has no bottom. */
function checkRoles(parts: readonly DefinedPart[], hasLoss: boolean, mayLackBottom: boolean): void {
  const roles = parts.map(({ role }) => role);
  const bottoms = roles.filter((role) => role === 'bottom').length;
  const above = roles.slice(bottoms).join();
  const fits = bottoms > 0 ? (hasLoss ? ['top', 'auxiliary'] : ['']) : hasLoss ? ['whole'] : [];
  if (fits.includes(above) || (mayLackBottom && above === (hasLoss ? 'top' : ''))) return;
  throw new TandemError(
    'BAD_MESSAGE',
    `the model definition has the roles '${roles.join(', ')}' and ${hasLoss ? 'a' : 'no'} loss: ` +
      'it must hold bottoms, bottoms and a top or an auxiliary with its loss, or the whole with its loss',
  );
}

function checkPace(value: unknown): Pace {
  const { window, alignEvery } = (value ?? {}) as Partial<Pace>;
  const isCount = (number: unknown): number is number => Number.isSafeInteger(number) && (number as number) > 0;
  if (isCount(window) && (alignEvery === null || isCount(alignEvery))) return { window, alignEvery };
  throw new TandemError('BAD_MESSAGE', 'the model definition lacks its pace: a window and alignEvery');
}

function checkKeeps(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new TandemError('BAD_MESSAGE', 'the model definition says that smashed data are kept, and not for how long');
}

function checkPart(value: unknown, values: ConstantValues): DefinedPart {
  const { role, spec, optimizer } = (value ?? {}) as Partial<DefinedPart>;
  if (!segmentRoles.some((known) => known === role)) {
    throw new TandemError('BAD_MESSAGE', `a segment of the model definition has the role '${String(role)}'`);
  }
  const lists = [spec?.inputs, spec?.outputs, spec?.weights];
  if (typeof spec?.topology !== 'string' || !lists.every(Array.isArray)) {
    throw new TandemError('BAD_MESSAGE', 'the model definition lacks a topology, inputs, outputs or weights');
  }
  checkSpecs(spec.inputs, 'input');
  checkSpecs(spec.outputs, 'output');
  checkWeightSpecs(spec.weights);
  const { constants, ...rest } = spec;
  if (constants !== undefined && !Array.isArray(constants)) {
    throw new TandemError('BAD_MESSAGE', 'the constants of the model definition are no list');
  }
  const own = constants === undefined ? rest : { ...rest, constants: values.take(constants) };
  return { role: role as SegmentRole, spec: own, optimizer: checkOptimizer(optimizer) };
}
