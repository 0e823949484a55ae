/** A program as a user writes one: two clients train on made-up digits, over sockets; it says what computes, and which weights come out. */
export const program = `
import { simulate } from 'tandem/simulator';
import { arrayDataset, chooseEngine, findTask, float32, int32 } from 'tandem/shared';

const ROWS = 120;
let state = 41;
const next = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
const labels = Int32Array.from({ length: ROWS }, () => Math.floor(next() * 10));
const inputs = Float32Array.from({ length: ROWS * 784 }, (_, i) => (i % 10 === labels[Math.floor(i / 784)] ? 1 : next()));
const train = arrayDataset([float32([ROWS, 28, 28, 1], inputs)], [int32([ROWS], labels)]);
const { summary } = await simulate({
  task: findTask('mnist'),
  data: { train, test: train },
  clients: 2,
  batch: 11,
  steps: 20,
  seed: 7,
});
console.log(JSON.stringify({ computes: (await chooseEngine()).label, weights: summary.weightsHash }));
process.exit(0);
`;

/** What the program says. */
export interface Trained {
  readonly computes: string;
  readonly weights: string;
}

export function readTrained(stdout: string): Trained {
  const line = stdout
    .trim()
    .split('\n')
    .findLast((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`the program says ${stdout}`);
  return JSON.parse(line) as Trained;
}
