/** Whether all tests were asked for (`npm run test:whole`): what shows once more, in a longer way, what others show is left out of `npm test`. */
export const wholeSuite = process.env.TANDEM_WHOLE === '1';
