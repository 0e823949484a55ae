import { describe, expect, it } from 'vitest';
import { sessionContract } from '../../server/session/session-contract.js';
import { sgd } from '../../shared/engine/optimizer.js';
import type { MetricName } from '../../shared/metrics/metrics.js';
import { reportScores } from '../../shared/metrics/reported-scores.js';
import { addScores, noScores } from '../../shared/metrics/scores.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import type { ModelDefinition, SegmentRole } from '../../shared/protocol/model-definition.js';
import { stepByStep } from '../../shared/protocol/pace.js';

/** A client with a tiny net and many classes: the report is the largest thing it sends. */
function definition(roles: readonly SegmentRole[], classes: number, metrics: readonly MetricName[]): ModelDefinition {
  const tensor = (name: string, width: number) => ({ name, dtype: 'float32' as const, shape: [width] });
  const segments = roles.map((role, index) => ({
    role,
    optimizer: sgd(),
    spec: {
      ...{ index, of: 3, topology: '{}', weights: [] },
      inputs: [tensor('in', 2)],
      outputs: [tensor('out', role === 'bottom' ? 2 : classes)],
    },
  }));
  return { segments, labels: [], loss: 'softmaxCrossEntropy', metrics, pace: stepByStep };
}

describe.each([
  ['whole', ['whole'], 41, ['confusionMatrix']],
  ['top', ['bottom', 'top'], 333, ['confusionMatrix', 'macroF1']],
  ['top, of many classes', ['bottom', 'top'], 4001, ['macroRecall']],
] as const)('a client that has the loss: %s', (_what, roles, classes, metrics) => {
  it('may send its report', () => {
    const labels = int32([3], [0, classes - 1, 5]);
    const outputs = float32(
      [3, classes],
      Array.from({ length: 3 * classes }, (_, i) => Math.sin(i)),
    );
    const scores = reportScores(addScores(noScores, metrics, [labels], [outputs], 0.7));
    const bytes = encodeMessage({ type: 'evaluated', round: 1, ...scores });
    expect(bytes.length).toBeLessThanOrEqual(sessionContract(definition(roles, classes, metrics), 1).maxMessageBytes);
  });
});
