import type { RunResult } from '../../../server/run/summarise.js';
import type { EvaluationPoint, RunEvent } from '../../../shared/events.js';
import { areFinite } from '../../../shared/ndarray.js';

/** Rounding of a mean loss, which is none below 0. */
const LOSS_SLACK = 1e-3;

/**
 * What does not hold of the figures of a run, whatever its clients say: weights finite; `0 <= accuracy <= 1`, `0 <= loss`, both or neither; for each place
 * `steps <= samples <= steps * batch`; the places together have the run's steps and samples; no more rounds than were planned; steps and bytes of evaluations never go back.
 */
export function impossibleFigures({ summary, clients, trained }: RunResult, batch: number): string[] {
  const { testAccuracy, testLoss, metrics, steps, samples, evaluations } = summary;
  const wrong = [...impossibleScores('the run', testLoss, { ...metrics, accuracy: testAccuracy })];
  if (!areFinite(trained.weights)) wrong.push('weights are not finite');
  const isJoint = summary.schedule === 'joint';
  for (const { client, steps: own, samples: rows } of clients)
    if (!(own <= rows && rows <= own * batch)) wrong.push(`client ${client} did ${own} steps of ${rows} samples`);
  if (!(steps <= samples && samples <= steps * batch)) wrong.push(`${steps} steps of ${samples} samples`);
  const sum = (of: 'steps' | 'samples') => clients.reduce((all, client) => all + client[of], 0);
  // In a vertical run all parties make one step; elsewhere each step is one client's.
  if (!isJoint && (sum('steps') !== steps || sum('samples') !== samples))
    wrong.push(`clients did ${sum('steps')} steps of ${sum('samples')} samples, the run ${steps} of ${samples}`);
  if (!Object.values(summary.bytes).every((count) => count >= 0 && Number.isSafeInteger(count)))
    wrong.push(`bytes ${JSON.stringify(summary.bytes)}`);
  evaluations.forEach((point, i) => wrong.push(...impossiblePoint(point, evaluations[i - 1])));
  return wrong;
}

function impossiblePoint(point: EvaluationPoint, before: EvaluationPoint | undefined): string[] {
  const { round, testLoss, metrics, steps, samples, trainingBytes } = point;
  const wrong = impossibleScores(`round ${round}`, testLoss, metrics);
  const figures = { round, steps, samples, trainingBytes };
  for (const [name, value] of Object.entries(figures)) {
    const last = before?.[name as keyof typeof figures] ?? 0;
    if (value < last) wrong.push(`round ${round}: ${name} go from ${last} back to ${value}`);
  }
  return wrong;
}

function impossibleScores(where: string, loss: number | null, metrics: Readonly<Record<string, unknown>>): string[] {
  const wrong: string[] = [];
  if (loss !== null && !(loss >= -LOSS_SLACK && loss < Infinity)) wrong.push(`${where}: a loss of ${loss}`);
  for (const [name, value] of Object.entries(metrics)) {
    if (value !== null && !(Number(value) >= 0 && Number(value) <= 1))
      wrong.push(`${where}: ${name} of ${JSON.stringify(value)}`);
  }
  if ((loss === null) !== ((metrics.accuracy ?? null) === null))
    wrong.push(`${where}: a loss of ${loss} and no accuracy`);
  return wrong;
}

/** Controls, formats such as marks of direction, halves of pairs. */
const UNPLAIN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/u;

/** Events whose words could do more than be read. */
export function unplainWords(events: readonly unknown[]): string[] {
  return events.flatMap((event) =>
    Object.entries(event as RunEvent).flatMap(([name, value]) =>
      typeof value === 'string' && (UNPLAIN.test(value) || value.length > 2_000)
        ? [`${name} of an event is ${JSON.stringify(value).slice(0, 80)}`]
        : [],
    ),
  );
}
