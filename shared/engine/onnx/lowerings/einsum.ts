import { broadcastShape, type Value } from '../trace/value.js';
import type { Lowerings } from './lowering.js';

export const einsumLowerings = {
  Einsum: (trace, inputs: Record<string, Value>, { equation }: { equation: string }) => {
    const [terms = '', result = ''] = equation.replace(/\s/g, '').split('->');
    const lengths = new Map<string, number>();
    const operands = Object.values(inputs);
    terms.split(',').forEach((axes, i) => {
      [...axes].forEach((axis, at) => {
        const length = operands[i]?.shape[at] ?? 1;
        lengths.set(axis, broadcastShape([[length], [lengths.get(axis) ?? 1]])[0] ?? 1);
      });
    });
    const shape = [...result].map((axis) => lengths.get(axis) ?? 1);
    return trace.node('Einsum', operands, { shape, dtype: 'float32' }, { attributes: { equation } });
  },
} satisfies Lowerings;
