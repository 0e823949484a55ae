/** Whether all tests were asked for (`npm run test:whole`): what shows once more, in a longer way, what others show is left out of `npm test`. */
export const wholeSuite = process.env.TANDEM_WHOLE === '1';

/** Of rows that show the same in other ways, all in the whole suite, and the first ones in `npm test`. */
export function someOf<T>(rows: readonly T[], first: number): readonly T[] {
  return wholeSuite ? rows : rows.slice(0, first);
}
