import { float32Power } from '../../float32-power.js';
import { learningRateAfter } from '../../learning-rate.js';
import type { OptimizerSpec } from '../../optimizer.js';
import { minus, over, plus, squareRoot, times, type Code } from '../../../wasm-assembler.js';

/** One vector of the arrays an update works on, as code that reads it. */
export interface Lanes {
  readonly weight: Code;
  readonly gradient: Code;
  readonly first: Code;
  readonly second: Code;
  readonly factor: (i: number) => Code;
}

/** An assignment: `weight`, or one of the optimizer's slots. They run in order and see each other's results. */
export type Step = readonly ['weight' | 'first' | 'second', Code];

const add = (a: Code, b: Code): Code => [...a, ...b, ...plus];
const subtract = (a: Code, b: Code): Code => [...a, ...b, ...minus];
const multiply = (a: Code, b: Code): Code => [...a, ...b, ...times];
const divide = (a: Code, b: Code): Code => [...a, ...b, ...over];
const root = (a: Code): Code => [...a, ...squareRoot];

const formulas: Record<OptimizerSpec['kind'], (lanes: Lanes) => Step[]> = {
  sgd: ({ weight, gradient, factor }) => [['weight', subtract(weight, multiply(gradient, factor(0)))]],
  momentum: ({ weight, gradient, first, factor }) => [
    ['first', add(multiply(first, factor(0)), gradient)],
    ['weight', subtract(weight, add(multiply(first, factor(1)), multiply(gradient, factor(2))))],
  ],
  adam: adamSteps,
  adamw: adamSteps,
  rmsprop: ({ weight, gradient, first, second, factor }) => [
    ['first', add(multiply(first, factor(0)), multiply(multiply(gradient, gradient), factor(1)))],
    ['second', add(multiply(second, factor(4)), divide(multiply(gradient, factor(2)), root(add(first, factor(3)))))],
    ['weight', subtract(weight, second)],
  ],
};

function adamSteps({ weight, gradient, first, second, factor }: Lanes): Step[] {
  const deviation = add(root(multiply(second, factor(4))), factor(6));
  return [
    ['first', add(multiply(first, factor(0)), multiply(gradient, factor(1)))],
    ['second', add(multiply(second, factor(2)), multiply(multiply(gradient, gradient), factor(3)))],
    ['weight', subtract(multiply(weight, factor(7)), divide(multiply(first, factor(5)), deviation))],
  ];
}

/** What one vector of weights goes through in an update of this kind. */
export function updateSteps(kind: OptimizerSpec['kind'], lanes: Lanes): Step[] {
  return formulas[kind](lanes);
}

/** The numbers that `factor(i)` stands for, given how many updates were made before. */
export function updateFactors(spec: OptimizerSpec): (updates: number) => number[] {
  const rate = (updates: number) => learningRateAfter(updates, spec);
  switch (spec.kind) {
    case 'sgd':
      return (updates) => [rate(updates)];
    case 'momentum': {
      const { momentum, nesterov } = spec;
      return (updates) => {
        const learningRate = rate(updates);
        return [momentum, nesterov ? learningRate * momentum : learningRate, nesterov ? learningRate : 0];
      };
    }
    case 'adam':
    case 'adamw': {
      const { beta1, beta2, epsilon, weightDecay } = spec;
      const [power1, power2] = [float32Power(beta1), float32Power(beta2)];
      return (updates) => {
        const learningRate = rate(updates);
        const left1 = Math.fround(1 - power1(updates + 1));
        const left2 = Math.fround(1 - power2(updates + 1));
        const [rise1, rise2] = [1 - beta1, 1 - beta2];
        return [beta1, rise1, beta2, rise2, 1 / left2, learningRate / left1, epsilon, 1 - learningRate * weightDecay];
      };
    }
    case 'rmsprop':
      return (updates) => [spec.decay, 1 - spec.decay, rate(updates), spec.epsilon, spec.momentum];
  }
}
