import type { PlacedModel } from '../../shared/model/build.js';
import { inChainOrder } from './client-part.js';
import type { EffectHost } from './run-effects.js';
import type { RunHostOptions } from './run-host-options.js';
import type { RunState } from './run-state.js';
import { resultOf, type RunResult } from './summarise.js';

/** Why a run that has finished did not go on. */
export function stoppedBy({ turns, steps, settings }: RunState): 'patience' | 'steps' | 'epochs' {
  if (turns.length > 0) return 'patience';
  return steps >= settings.steps ? 'steps' : 'epochs';
}

/** What a run that is over came to. */
export async function endOf(
  { lanes, bottoms, evaluations, places, run, training }: EffectHost,
  options: RunHostOptions,
  { placement, cut }: PlacedModel,
): Promise<RunResult> {
  const segments = inChainOrder(placement, bottoms.weights, await lanes.weights());
  const { steps, samples, lost } = run;
  const { scores, curve } = evaluations;
  const ending = { stopped: stoppedBy(run), evaluations: curve, best: run.watch.best };
  const course = { steps, samples, seconds: training.seconds, scores, clients: places.accounts, lost, ...ending };
  return resultOf(options, course, cut.specs, segments, bottoms.contents);
}
