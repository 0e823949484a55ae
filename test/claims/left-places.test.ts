import { expect, it } from 'vitest';
import { SeededOrder } from '../../server/run/seeded-order.js';

it.each([
  ['one of three', [3, 1_000_000_000, 5]],
  ['the only one', [1_000_000_000]],
])('places of who claimed a billion steps and has gone are not passed one by one: %s', (_, steps) => {
  const gone = steps.indexOf(1_000_000_000);
  const order = new SeededOrder(
    steps.map((own, client) => ({ client, steps: own })),
    17,
    2,
  );
  const left = new Map(steps.map((own, client) => [client, client === gone ? 0 : own]));
  const waits = (client: number) => (left.get(client) ?? 0) > 0;
  const taken: number[] = [];
  while (order.current !== undefined && !order.isLeftBy(waits)) {
    if (waits(order.current)) {
      taken.push(order.current);
      left.set(order.current, (left.get(order.current) ?? 0) - 1);
    }
    order.pass();
  }
  expect(taken.filter((client) => client === 0)).toHaveLength(gone === 0 ? 0 : 3);
  expect(order.passed).toBeLessThan(50);
});
