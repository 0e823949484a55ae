import { describe, expect, it } from 'vitest';
import { cosineDecay, stepDecay } from '../../shared/engine/learning-rate.js';
import { adam, adamw, checkOptimizer, momentum, rmsprop, scheduled, sgd } from '../../shared/engine/optimizer.js';

/** As a caller in JavaScript writes it. */
const loose = (value: object) => value as never;

describe('an optimizer with a field there is not', () => {
  it.each([
    ['momentum', { ...momentum(0.1), dampening: 0.2 }, 'dampening'],
    ['sgd with an argument too many', sgd(0.1, loose({ momentum: 0.9 })), 'momentum'],
    ['rmsprop', rmsprop(0.1, loose({ centered: true })), 'centered'],
    ['adamw', adamw(0.1, loose({ amsgrad: true })), 'amsgrad'],
    ['adam with a decay, which is adamw', adam(0.1, loose({ weightDecay: 0.3 })), 'weightDecay'],
    ['a schedule', scheduled(sgd(0.1), { ...stepDecay(3), staircase: true } as never), 'staircase'],
    ['options of a schedule', scheduled(adam(0.1), cosineDecay(7, loose({ restarts: 2 }))), 'restarts'],
  ])('is refused with its name: %s', (_what, spec, field) => {
    expect(() => checkOptimizer(spec)).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining(`'${field}'`) as string }),
    );
  });

  it.each([['adam'], [() => adam()], [null], [{ learningRate: 0.1 }], [7]])(
    'says what to use instead of %s',
    (given) => {
      expect(() => checkOptimizer(given)).toThrow(/unknown optimizer/);
    },
  );

  it('takes all there are', () => {
    const all = [sgd(), momentum(), adam(0.1, { beta1: 0.7 }), adamw(0.1, { weightDecay: 0 }), rmsprop()];
    expect(all.map(checkOptimizer)).toEqual(all);
    expect(adam(0.1, { epsilon: undefined })).toEqual(adam(0.1));
  });
});
