import { gradientSpecs, largestMessage, type Contract } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import { reportContract } from '../../shared/metrics/reported-scores.js';
import { segmentBytes } from '../../shared/model/bottom-payload.js';
import { partsOf, type ModelDefinition } from '../../shared/protocol/model-definition.js';
import type { ClientLoss } from './session-reducer.js';

/** What a client that was given a model definition must keep to. */
export interface SessionContract {
  readonly contract: Contract;
  /** Null where the server has the loss. */
  readonly clientLoss: ClientLoss | null;
  /** The largest message it has reason to send. */
  readonly maxMessageBytes: number;
}

/** `maxRows` is the most samples in a message. Throws BAD_OPTION for a metric that would send labels which stay at the client. */
export function sessionContract(definition: ModelDefinition, maxRows: number): SessionContract {
  const { segments, labels, metrics } = definition;
  const bottom = partsOf(definition, 'bottom').at(-1);
  if (!bottom) throw new TandemError('INTERNAL', 'no segment is placed at the clients');
  const [top] = partsOf(definition, 'top');
  const gradients = top && gradientSpecs(top.spec.inputs);
  const contract = { tensors: bottom.spec.outputs, labels: top ? [] : labels, maxRows };
  const stateBytes = segments.reduce((sum, { spec, optimizer }) => sum + segmentBytes(spec, optimizer, 1), 0);
  return {
    contract,
    clientLoss: gradients ? { gradients, report: reportContract(metrics, top.spec.outputs[0]?.shape ?? []) } : null,
    maxMessageBytes: Math.max(
      largestMessage(contract, stateBytes),
      largestMessage({ ...contract, tensors: gradients ?? [] }, 0),
    ),
  };
}
