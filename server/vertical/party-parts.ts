import { ALIGNING_MESSAGE_BYTES } from '../../shared/alignment/limits.js';
import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';
import type { HeldPart } from '../../shared/model/bottom-payload.js';
import { checkedLabels } from '../../shared/model/check-labels.js';
import type { CutModel } from '../../shared/model/cut.js';
import { splitBottom, type BottomShare } from '../../shared/model/split-bottom.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import {
  encodeModelDefinition,
  type DefinedPart,
  type ModelDefinition,
} from '../../shared/protocol/model-definition.js';
import { stepByStep } from '../../shared/protocol/pace.js';
import { namesOfParty } from '../../shared/task-names.js';
import { optimizerOf, type Task } from '../../shared/task.js';
import type { Placement } from '../../shared/topologies.js';
import { sessionContract, type SessionContract } from '../session/session-contract.js';
import { largest } from '../../shared/extremes.js';

/** The segments of one party of a vertical run, and what it may send. */
export interface PartyPart extends SessionContract {
  readonly active: boolean;
  readonly definition: ModelDefinition;
  /** A bottom, where it has features; a top, where it is the active party and has the loss. */
  readonly parts: readonly HeldPart[];
  /** Their first weights, one list a segment. */
  readonly weights: readonly (readonly NdArray[])[];
  /** Which tensors at the cut it computes. */
  readonly outputs: readonly number[];
  /** What tells it of that. */
  readonly model: Message<'model'>;
}

/**
 * Divides what a placement gives the clients among the parties: a bottom each in the order of the model's inputs; labels,
 * and the top where it is not the server's, go to the last party, which may have no bottom. Throws BAD_OPTION when the
 * number of parties does not suit the model, BAD_CUT when the bottom does not fall into independent parts.
 */
export async function partyParts(
  task: Task,
  cut: CutModel,
  placement: Placement,
  settings: RunSettings,
): Promise<PartyPart[]> {
  const [bottom] = cut.specs;
  if (!bottom) throw new TandemError('INTERNAL', 'no segment is placed at the parties');
  const shares = await splitBottom(bottom, cut.weights[0] ?? []);
  const { clients, missing } = settings;
  checkCount(shares.length, clients);
  const open = bottom.outputs.find(({ shape }) => shape.includes(null));
  if (missing === 'zero' && open) {
    const what = `the output '${open.name}' of a bottom has no fixed shape, so zeros cannot stand for it`;
    throw new TandemError('BAD_OPTION', what, 'use --missing wait');
  }
  return Array.from({ length: clients }, (_, party) =>
    partOf(task, cut, placement, settings, shares[party], party, party === clients - 1),
  );
}

function checkCount(features: number, clients: number): void {
  if (features < 2) {
    const what = `the part below the cut reads one party's features only`;
    throw new TandemError(
      'BAD_CUT',
      what,
      'give the model an input for each party, and cut through all of them: a+b+c',
    );
  }
  if (clients === features || clients === features + 1) return;
  throw new TandemError(
    'BAD_OPTION',
    `the model has features of ${features} parties, and the run has ${clients}`,
    `use --clients ${features}, where the last party has labels too, or --clients ${features + 1}, where it has labels only`,
  );
}

function partOf(
  task: Task,
  cut: CutModel,
  placement: Placement,
  settings: RunSettings,
  share: BottomShare | undefined,
  party: number,
  active: boolean,
): PartyPart {
  const topSpec = active && placement.loss === 'client' ? cut.specs.at(-1) : undefined;
  const bottoms: DefinedPart[] = share ? [{ role: 'bottom', spec: share.spec, optimizer: optimizerOf(task, 0) }] : [];
  const tops: DefinedPart[] = topSpec
    ? [{ role: 'top', spec: topSpec, optimizer: optimizerOf(task, topSpec.index) }]
    : [];
  const parts = [...bottoms, ...tops];
  const definition: ModelDefinition = {
    segments: parts,
    labels: active ? checkedLabels(task, cut.specs.at(-1)?.outputs ?? []) : [],
    loss: topSpec && typeof task.loss === 'string' ? task.loss : null,
    metrics: active ? task.metrics : [],
    pace: stepByStep,
    joint: { active, aligned: settings.aligned },
  };
  const names = namesOfParty(task, party, active);
  const named = Object.keys(names).length > 0 ? { ...definition, names } : definition;
  return {
    active,
    definition: named,
    parts,
    weights: [...(share ? [share.weights] : []), ...(topSpec ? [cut.weights[topSpec.index] ?? []] : [])],
    outputs: share?.outputs ?? [],
    model: { type: 'model', payload: encodeModelDefinition(named) },
    ...sessionContract(definition, settings.batch),
  };
}

/** The largest message that a party may need to send, the matching of rows included. */
export function largestOf(parts: readonly PartyPart[]): number {
  return largest(
    parts.map((part) => part.maxMessageBytes),
    ALIGNING_MESSAGE_BYTES,
  );
}
