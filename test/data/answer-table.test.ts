import { expect, it } from 'vitest';
import { AnswerTable } from '../../shared/preparation/answer-table.js';

const line = (answer: 'classes' | 'number', chances: 'Softmax' | 'Sigmoid' | undefined, outputs: readonly number[]) =>
  new AnswerTable({
    answer:
      answer === 'classes'
        ? { kind: 'classes', name: 'kind', classes: ['ash', 'oak'] }
        : { kind: 'number', name: 'price', mean: 40, deviation: 3 },
    chances,
    hasLabels: false,
  })
    .line({ row: 7, label: NaN, outputs: Float32Array.from(outputs) })
    .trimEnd();

it('names the class with the largest chance, or says the number in its own unit', () => {
  expect(line('classes', 'Softmax', [-1, -1])).toBe('7,ash,0.5,0.5');
  expect(line('classes', undefined, [0.25, 0.75])).toBe('7,oak,0.25,0.75');
  expect(line('classes', 'Sigmoid', [0])).toBe('7,ash,0.5,0.5');
  expect(line('number', undefined, [-2])).toBe('7,34');
});

it.each([
  ['classes', 'Softmax', [NaN, NaN], '7,,NaN,NaN'],
  ['classes', 'Softmax', [2, NaN], '7,,NaN,NaN'],
  ['classes', 'Softmax', [Infinity, 0], '7,,NaN,NaN'],
  ['classes', 'Sigmoid', [NaN], '7,,NaN,NaN'],
  ['number', undefined, [NaN], '7,'],
] as const)('names no class where the model has said nothing: %s, %s, %o', (answer, chances, outputs, expected) => {
  expect(line(answer, chances, outputs)).toBe(expected);
});
