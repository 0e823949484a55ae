import { gradientSpecs, largestMessage, type Contract } from '../../shared/contract.js';
import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';
import { segmentBytes, type HeldPart } from '../../shared/model/bottom-payload.js';
import type { CutModel } from '../../shared/model/cut.js';
import { reportContract } from '../../shared/metrics/reported-scores.js';
import type { NdArray } from '../../shared/ndarray.js';
import { encodeModelDefinition, type SegmentRole } from '../../shared/protocol/model-definition.js';
import type { Task } from '../../shared/task.js';
import type { Placement } from '../../shared/topologies.js';
import type { ClientLoss } from '../session/session-reducer.js';
import { clientOptimizer } from './bottoms.js';

/** What a placement gives the clients of a run, and what is therefore expected of them. */
export interface ClientPart {
  /** The bottom, of one or more segments, and the top where the clients have the loss. */
  readonly parts: readonly HeldPart[];
  /** Their first weights, one list a segment. */
  readonly weights: readonly (readonly NdArray[])[];
  /** The payload of `model`. */
  readonly definition: Uint8Array;
  readonly contract: Contract;
  /** Only where the clients have the loss. */
  readonly clientLoss: ClientLoss | undefined;
  /** The largest message a client has reason to send. */
  readonly maxMessageBytes: number;
}

export function clientPart(task: Task, cut: CutModel, placement: Placement, settings: RunSettings): ClientPart {
  const parts = placement.client.flatMap((index) => {
    const spec = cut.specs[index];
    return spec ? [{ spec, optimizer: clientOptimizer(task, index, settings) }] : [];
  });
  const tops = placement.loss === 'client' ? parts.slice(-1) : [];
  const bottoms = parts.slice(0, parts.length - tops.length);
  const [bottom, [top]] = [bottoms.at(-1), tops];
  if (!bottom) throw new TandemError('INTERNAL', 'no segment is placed at the clients');
  const gradients = top && gradientSpecs(top.spec.inputs);
  const contract = { tensors: bottom.spec.outputs, labels: top ? [] : task.labels, maxRows: settings.batch };
  const stateBytes = parts.reduce((sum, { spec, optimizer }) => sum + segmentBytes(spec, optimizer, 1), 0);
  return {
    parts,
    weights: placement.client.map((index) => cut.weights[index] ?? []),
    definition: encodeModelDefinition({
      segments: [...bottoms.map(inRole('bottom')), ...tops.map(inRole('top'))],
      labels: task.labels,
      loss: top && typeof task.loss === 'string' ? task.loss : null,
      metrics: top ? task.metrics : [],
    }),
    contract,
    clientLoss: gradients && { gradients, report: reportContract(task.metrics, top.spec.outputs[0]?.shape ?? []) },
    maxMessageBytes: Math.max(
      largestMessage(contract, stateBytes),
      largestMessage({ ...contract, tensors: gradients ?? [] }, 0),
    ),
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
