import { fault, holds, ok, type Attack, type Finding } from './attack.js';
import { against, honest, type Outcome } from './attacked-server.js';
import { Attacker, playAlong } from './attacker.js';

interface Claim {
  readonly testSamples: number;
  readonly right: number;
  readonly lossOf?: (round: number) => number;
}

async function claims(url: string, { testSamples, right, lossOf = () => 0 }: Claim, reached = () => undefined as void) {
  const attacker = await Attacker.join(url);
  return playAlong(attacker, {
    samples: 16,
    testSamples,
    whole: true,
    evaluate: (at, { round }) => {
      reached();
      at.say({ type: 'evaluated', round, loss: lossOf(round), sums: [right], confusion: [] });
    },
  });
}

async function run(
  claim: Claim,
  flags: readonly string[] = [],
): Promise<{ outcome: Outcome | undefined; end: string }> {
  return against([...reportedScores.flags, ...flags], async (server) => {
    const train = honest(server.url);
    const end = await claims(server.url, claim);
    await train;
    return { outcome: await server.outcome(10), end };
  });
}

async function one(what: string, claim: Claim, usual: number): Promise<Finding> {
  const { outcome, end } = await run(claim);
  const accuracy = outcome?.testAccuracy ?? NaN;
  const said = `${what}: testAccuracy ${accuracy}, without it ${usual}; the client: ${end}`;
  const isBelievable = claim.right <= claim.testSamples && accuracy <= 1 && Math.abs(accuracy - usual) <= 0.25;
  return holds(end !== 'finished' || isBelievable, said);
}

export const reportedScores: Attack = {
  name: 'reported-scores',
  promise: 'what a client reports of its own test is held against what it can be, and decides nothing alone',
  flags: ['--clients', '2', '--schedule', 'fedavg', '--epochs', '4'],
  client: (url, reached) => claims(url, { testSamples: 16, right: 17 }, reached),
  run: async () => {
    const honestly = await run({ testSamples: 0, right: 0 });
    const usual = honestly.outcome?.testAccuracy ?? NaN;
    const many = { testSamples: 1_000_000_000, right: 0, lossOf: (round: number) => 1e17 * (round + 1) };
    const { outcome } = await run(many, ['--epochs', '12', '--patience', '1']);
    return [
      await one('1e300 of 16 right', { testSamples: 16, right: 1e300 }, usual),
      await one('17 of 16 right', { testSamples: 16, right: 17 }, usual),
      await one('all of 10^9 right', { testSamples: 1_000_000_000, right: 1_000_000_000 }, usual),
      outcome?.stopped === 'patience'
        ? fault(`10^9 wrong, ever worse, with --patience 1: over after ${outcome.steps} steps`)
        : ok(`10^9 wrong, ever worse: stopped by ${String(outcome?.stopped)}`),
    ];
  },
};
