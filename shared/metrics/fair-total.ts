import { monitoredValue, type Monitored } from './monitored.js';
import { meanScores, mergeScores, noScores, type Scores } from './scores.js';

/** Of each client, what it has reported of an evaluation. */
export type ScoresByClient = ReadonlyMap<number, Scores>;

/** All of them together, in the order of clients, so that no bit depends on who came first. */
export function plainTotal(scores: ScoresByClient): Scores {
  return inOrder(scores).reduce((sum, [, own]) => mergeScores(sum, own), noScores);
}

/** The same where each client has measured itself: none counts for more samples than all others together, whatever it claims to have. */
export function fairTotal(scores: ScoresByClient): Scores {
  const weights = fairWeights(scores, 1);
  return inOrder(scores).reduce(
    (sum, [client, own]) => mergeScores(sum, scaled(own, weights.get(client) ?? 0)),
    noScores,
  );
}

/**
 * Whether the model is better than before for at least half of the test samples, each client judging by its own. None counts for more than half of what all
 * others do, of two for as much as the other: so no client alone keeps a model from being better, and with three or more none alone makes it so. Undefined where fewer than two clients have judged both.
 */
export function isBetterForHalf(rule: Monitored, before: ScoresByClient, now: ScoresByClient): boolean | undefined {
  const voters = new Map(
    [...now].filter(([client]) => valueOf(rule, before, client) !== null && valueOf(rule, now, client) !== null),
  );
  if (voters.size < 2) return undefined;
  const weights = fairWeights(voters, voters.size > 2 ? 1 / 2 : 1);
  let [better, all] = [0, 0];
  for (const [client, weight] of weights) {
    const [then, since] = [valueOf(rule, before, client) ?? 0, valueOf(rule, now, client) ?? 0];
    all += weight;
    if (rule.better === 'larger' ? since > then : since < then) better += weight;
  }
  return better >= all / 2;
}

/** For how many samples each client counts: at most for this share of those of all others. */
function fairWeights(scores: ScoresByClient, most: number): Map<number, number> {
  const all = [...scores.values()].reduce((sum, { samples }) => sum + samples, 0);
  return new Map(
    [...scores].map(([client, { samples }]) => {
      const others = all - samples;
      return [client, others > 0 ? Math.min(samples, others * most) : samples];
    }),
  );
}

function scaled(scores: Scores, samples: number): Scores {
  if (samples === scores.samples) return scores;
  const share = samples / scores.samples;
  const times = (count: number) => Math.round(count * share);
  const { sums, confusion, classes, bins } = scores;
  return {
    ...scores,
    samples,
    loss: scores.loss * share,
    sums: Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum * share])),
    confusion: confusion && {
      ...confusion,
      counts: confusion.counts.map(([label, predicted, count]) => [label, predicted, times(count)] as const),
    },
    bins: bins && { ...bins, data: bins.data.map(times) },
    classes: classes && {
      hits: classes.hits.map(times),
      falseAlarms: classes.falseAlarms.map(times),
      misses: classes.misses.map(times),
    },
  };
}

function valueOf(rule: Monitored, scores: ScoresByClient, client: number): number | null {
  const own = scores.get(client);
  return own ? monitoredValue(rule, meanScores(own)) : null;
}

function inOrder(scores: ScoresByClient): [number, Scores][] {
  return [...scores].sort(([a], [b]) => a - b);
}
