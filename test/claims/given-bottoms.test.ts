import { expect, it } from 'vitest';
import type { BottomContents, Bottoms } from '../../server/run/bottoms.js';
import { SharedSegments } from '../../server/run/shared-segments.js';
import type { ClientSession } from '../../server/session/client-session.js';
import { float32, USUAL } from '../../shared/ndarray.js';

const filled = (value: number, rows: number, columns: number) =>
  float32([rows, columns], new Float32Array(rows * columns).fill(value));
const layers = (...values: readonly number[]) => ({
  weights: values.map((value) => filled(value, 4, 5)),
  optimizer: null,
});
const only = (...values: readonly number[]): BottomContents => ({
  segments: [layers(...values)],
  further: {},
  samples: {},
});

/** What a session is said to have been given with the second bottoms, in a run that began with the first. */
function givenAfter(first: BottomContents, second: BottomContents): number {
  const bottoms = { contents: first, keeps: () => false, message: () => ({}) };
  const shared = new SharedSegments(bottoms as unknown as Bottoms, {} as never, 1);
  bottoms.contents = second;
  const session = { given: 0, holding: {}, send: () => undefined };
  shared.give(session as unknown as ClientSession, 0, 1);
  return session.given;
}

it.each<[string, BottomContents, BottomContents]>([
  ['one large weight', only(0.4, 0.4), only(0.4, 130)],
  ['two layers of 40, whose product is large', only(0.4, 0.4), only(40, 40)],
  ['four layers of 3', only(0.2, 0.2, 0.2, 0.2), only(3, 3, 3, 3)],
  [
    'another bottom than most clients hold',
    { segments: [layers(0.3)], further: { small: layers(0.3, 0.2) }, samples: {} },
    { segments: [layers(0.3)], further: { small: layers(37, 29) }, samples: {} },
  ],
])('bottoms of %s are unusual to be given', (_, first, second) => {
  expect(givenAfter(first, first)).toBeLessThan(USUAL);
  expect(givenAfter(first, second)).toBeGreaterThan(USUAL);
});

it.each([
  [only(0.4, 0), only(0.7, 0.3)],
  [only(60, 2), only(61, 3)],
])('bottoms that have learned as usual are not', (first, second) => {
  expect(givenAfter(first, second)).toBeLessThan(USUAL);
});
