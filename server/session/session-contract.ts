import { checkTravels, gradientSpecs, largestMessage } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import { reportBytes, reportContract } from '../../shared/metrics/reported-scores.js';
import { LARGEST_ALLOWED } from '../../shared/ndarray.js';
import { segmentBytes } from '../../shared/model/bottom-payload.js';
import { partsOf, type ModelDefinition } from '../../shared/protocol/model-definition.js';
import type { SessionRules } from './session-state.js';

/** What a client with a model definition may send. */
export interface SessionContract {
  readonly rules: SessionRules;
  /** The largest message it may need to send. */
  readonly maxMessageBytes: number;
  /** The same for a client with the role infer. */
  readonly maxQueryBytes: number;
}

/** `maxRows` is the most samples in a message. */
export function sessionContract(definition: ModelDefinition, maxRows: number): SessionContract {
  const { segments, labels, metrics, pace, keeps } = definition;
  const bottom = partsOf(definition, 'bottom').at(-1);
  const [[top], [whole]] = [partsOf(definition, 'top'), partsOf(definition, 'whole')];
  if (!bottom && !whole && !definition.joint) throw new TandemError('INTERNAL', 'no segment is placed at the clients');
  const judge = top ?? whole;
  const gradients = top && gradientSpecs(top.spec.inputs);
  const contract = {
    tensors: bottom?.spec.outputs ?? [],
    labels: judge ? [] : labels,
    maxRows,
    largest: LARGEST_ALLOWED,
  };
  checkTravels(contract.tensors, 'cross the cut');
  checkTravels(contract.labels, 'are the labels');
  checkTravels(gradients ?? [], 'cross the upper cut');
  const report = judge ? reportContract(metrics, judge.spec.outputs[0]?.shape ?? []) : null;
  const stateBytes = segments.reduce((sum, { spec, optimizer }) => sum + segmentBytes(spec, optimizer, 1), 0);
  const maxMessageBytes = Math.max(
    largestMessage(contract, Math.max(stateBytes, report ? reportBytes(report) : 0)),
    largestMessage({ ...contract, tensors: gradients ?? [] }, 0),
  );
  return {
    rules: {
      contract,
      gradients: gradients ?? null,
      report,
      whole: whole !== undefined,
      pace,
      ...(keeps === undefined ? {} : { pool: true }),
      mostBytes: maxMessageBytes,
    },
    maxMessageBytes,
    maxQueryBytes: largestMessage(contract, 0),
  };
}
