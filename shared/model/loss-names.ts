/** The losses that have a name; what each computes is in loss.ts, which loads tfjs. */
export const lossNames = ['softmaxCrossEntropy', 'sigmoidCrossEntropy', 'meanSquaredError'] as const;

export type LossName = (typeof lossNames)[number];
