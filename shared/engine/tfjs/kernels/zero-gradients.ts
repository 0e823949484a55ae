import * as tf from '#tfjs';

/** What answers yes or no, or counts, does not change with a small change of its inputs; tfjs lacks these gradients. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  Equal: ['a', 'b'],
  NotEqual: ['a', 'b'],
  Greater: ['a', 'b'],
  GreaterEqual: ['a', 'b'],
  Less: ['a', 'b'],
  LessEqual: ['a', 'b'],
  LogicalAnd: ['a', 'b'],
  LogicalOr: ['a', 'b'],
  LogicalNot: ['x'],
  Any: ['x'],
  All: ['x'],
  DenseBincount: ['x', 'weights'],
};

/** Adds them: zeros. */
export function registerZeroGradients(): void {
  for (const [kernelName, inputsToSave] of Object.entries(STEPS)) {
    if (tf.getGradient(kernelName)) continue;
    tf.registerGradient({
      kernelName,
      inputsToSave: [...inputsToSave],
      gradFunc: (_, saved) =>
        Object.fromEntries(inputsToSave.map((name, i) => [name, () => tf.zeros((saved[i] as tf.Tensor).shape)])),
    });
  }
}
