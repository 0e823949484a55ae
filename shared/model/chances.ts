import type { Loss } from './loss.js';

/** What turns a model's last output into chances, where the loss does that in training. */
export type Chances = 'Softmax' | 'Sigmoid';

/** These losses make chances of the last output themselves. */
export function chancesOf(loss: Loss | undefined): Chances | undefined {
  if (loss === 'softmaxCrossEntropy') return 'Softmax';
  return loss === 'sigmoidCrossEntropy' ? 'Sigmoid' : undefined;
}

/** The chance of each class from one row of outputs; of a single one, of no and of yes. */
export function chancesFrom(outputs: ArrayLike<number>, how: Chances | undefined): number[] {
  const values = how === 'Softmax' ? softmax(outputs) : Array.from(outputs, how === 'Sigmoid' ? sigmoid : Number);
  const [only = NaN] = values;
  return values.length === 1 ? [1 - only, only] : values;
}

function softmax(logits: ArrayLike<number>): number[] {
  const most = Array.from(logits).reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Array.from(logits, (value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
