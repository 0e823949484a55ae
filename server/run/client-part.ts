import type { RunSettings } from '../../shared/config.js';
import type { HeldPart } from '../../shared/model/bottom-payload.js';
import type { CutModel } from '../../shared/model/cut.js';
import type { NdArray } from '../../shared/ndarray.js';
import {
  encodeModelDefinition,
  type ModelDefinition,
  type SegmentRole,
} from '../../shared/protocol/model-definition.js';
import type { Task } from '../../shared/task.js';
import type { Placement } from '../../shared/topologies.js';
import { sessionContract, type SessionContract } from '../session/session-contract.js';
import { clientOptimizer } from './bottoms.js';

/** What a placement gives the clients of a run, and what is therefore expected of them. */
export interface ClientPart extends SessionContract {
  /** The bottom, of one or more segments, and the top where the clients have the loss. */
  readonly parts: readonly HeldPart[];
  /** Their first weights, one list a segment. */
  readonly weights: readonly (readonly NdArray[])[];
  /** The payload of `model`. */
  readonly definition: Uint8Array;
}

export function clientPart(task: Task, cut: CutModel, placement: Placement, settings: RunSettings): ClientPart {
  const parts = placement.client.flatMap((index) => {
    const spec = cut.specs[index];
    return spec ? [{ spec, optimizer: clientOptimizer(task, index, settings) }] : [];
  });
  const hasLoss = placement.loss === 'client';
  const bottoms = parts.slice(0, hasLoss ? -1 : undefined);
  const definition: ModelDefinition = {
    segments: [...bottoms.map(inRole('bottom')), ...parts.slice(bottoms.length).map(inRole('top'))],
    labels: task.labels,
    loss: hasLoss && typeof task.loss === 'string' ? task.loss : null,
    metrics: hasLoss ? task.metrics : [],
  };
  return {
    parts,
    weights: placement.client.map((index) => cut.weights[index] ?? []),
    definition: encodeModelDefinition(definition),
    ...sessionContract(definition, settings.batch),
  };
}

function inRole(role: SegmentRole) {
  return (part: HeldPart) => ({ role, ...part });
}

/** All segments' weights in the order of the chain. */
export function inChainOrder(
  placement: Placement,
  ofClients: readonly (readonly NdArray[])[],
  ofServer: readonly (readonly NdArray[])[],
): (readonly NdArray[])[] {
  const chain: (readonly NdArray[])[] = [];
  placement.client.forEach((index, i) => (chain[index] = ofClients[i] ?? []));
  placement.server.forEach((index, i) => (chain[index] = ofServer[i] ?? []));
  return chain;
}
