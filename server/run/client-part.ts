import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';
import type { PlacedModel } from '../../shared/model/build.js';
import { checkedLabels } from '../../shared/model/check-labels.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { RunNames } from '../../shared/data/run-names.js';
import { forMany } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import {
  encodeModelDefinition,
  type DefinedPart,
  type ModelDefinition,
  type SegmentRole,
} from '../../shared/protocol/model-definition.js';
import { MOST_WINDOW, stepByStep, type Pace } from '../../shared/protocol/pace.js';
import type { Task } from '../../shared/task.js';
import type { Placement } from '../../shared/topologies.js';
import { sessionContract, type SessionContract } from '../session/session-contract.js';
import { clientOptimizer } from './bottoms.js';

/** What a placement gives the clients of a run, and what is therefore expected of them. */
export interface ClientPart extends SessionContract {
  /** The bottom, of one or more segments, and the top or an auxiliary head where the clients have a loss; or the whole model. */
  readonly parts: readonly DefinedPart[];
  /** Their first weights, one list a segment. */
  readonly weights: readonly (readonly NdArray[])[];
  readonly definition: ModelDefinition;
}

/** What tells clients of their part, and what numbers stand for where that is known. */
export function modelMessage({ definition }: Pick<ClientPart, 'definition'>, names: RunNames): Message<'model'> {
  const known = Object.keys(names).length > 0 ? { ...definition, names } : definition;
  return forMany({ type: 'model', payload: encodeModelDefinition(known) });
}

/** Steps that a client with an auxiliary head may be ahead of the server: enough to bridge the way there and back. */
const WINDOW = 8;

export function clientPart(task: Task, placed: PlacedModel, settings: RunSettings): ClientPart {
  const parts = definedParts(task, placed, settings);
  const own = parts.find(({ role }) => role !== 'bottom');
  const definition: ModelDefinition = {
    segments: parts,
    labels: checkedLabels(task, placed.cut.specs.at(-1)?.outputs ?? []),
    loss: own && typeof task.loss === 'string' ? task.loss : null,
    metrics: task.metrics,
    pace: paceOf(own?.role, settings),
    ...(settings.pool === undefined ? {} : { keeps: settings.pool }),
  };
  return {
    parts,
    weights: [
      ...placed.placement.client.map((index) => placed.cut.weights[index] ?? []),
      ...(placed.auxiliary ? [placed.auxiliary.weights] : []),
    ],
    definition,
    ...sessionContract(definition, settings.batch),
  };
}

function paceOf(role: SegmentRole | undefined, { alignEvery }: RunSettings): Pace {
  if (role === 'whole') return { window: MOST_WINDOW, alignEvery: null };
  return role === 'auxiliary' ? { window: WINDOW, alignEvery: alignEvery ?? null } : stepByStep;
}

/** What the clients hold, from the bottom up. */
function definedParts(task: Task, { cut, placement, auxiliary }: PlacedModel, settings: RunSettings): DefinedPart[] {
  const parts = placement.client.flatMap((index, place) => {
    const spec = cut.specs[index];
    const last = place === placement.client.length - 1 && placement.loss === 'client';
    const role: SegmentRole = last ? (cut.specs.length === 1 ? 'whole' : 'top') : 'bottom';
    return spec ? [{ role, spec, optimizer: clientOptimizer(task, index, settings) }] : [];
  });
  const bottom = parts.at(-1);
  if (!bottom) throw new TandemError('INTERNAL', 'no segment is placed at the clients');
  // The head learns as the bottom it stands on.
  return auxiliary ? [...parts, { role: 'auxiliary', spec: auxiliary.spec, optimizer: bottom.optimizer }] : parts;
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
