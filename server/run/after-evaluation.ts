import { isExhausted, afterEvaluation } from '../../shared/early-stopping.js';
import type { CourseEffect, CourseInput, CourseState } from './course.js';

/** All have judged the model: that ends the run, or is added up to decide how it goes on. */
export function evaluationOver<E = never>(
  state: CourseState,
  end: () => readonly (CourseEffect | E)[] = () => finish(state),
): readonly (CourseEffect | E)[] {
  if (!state.settings.earlyStopping) return end();
  state.phase = 'scoring';
  return [{ kind: 'score', round: state.round }];
}

/** Keeps a model that is the best so far, and goes on unless all is done or the run's patience is over. */
export function decide<E>(
  state: CourseState,
  { value, better }: CourseInput & { kind: 'scored' },
  isDone: boolean,
  goOn: () => readonly E[],
  end: () => readonly (CourseEffect | E)[] = () => finish(state),
): readonly (CourseEffect | E)[] {
  const { round, earlyStopping: before } = state;
  const { earlyStopping: rule } = state.settings;
  if (state.phase !== 'scoring' || !rule) return [];
  state.earlyStopping = afterEvaluation(rule, before, round, value, better);
  const kept: readonly CourseEffect[] = state.earlyStopping.best === before.best ? [] : [{ kind: 'keep-model', round }];
  return [...kept, ...(isDone || isExhausted(rule, state.earlyStopping) ? end() : goOn())];
}

export function finish(state: CourseState): readonly CourseEffect[] {
  state.phase = 'finished';
  return [{ kind: 'finish', error: null }];
}
