import type { RunLabels } from '../../client/predict.js';
import { TandemError } from '../../shared/errors.js';
import { classAnswer, plainNumber, type Meaning } from './asked.js';

/** What so many outputs a sample mean, by the run's labels. Throws BAD_OPTION, with what to do, where it is neither one class nor one number. */
export function meaningOfLabels(
  { labels: [label], names }: Pick<RunLabels, 'labels' | 'names'>,
  width: number,
  action: string,
): Meaning {
  const { kind, name = 'label' } = label ?? {};
  if (kind === 'class' || kind === 'binary') {
    const answer = classAnswer(name, names.classes, width);
    return { answer, chances: kind === 'class' ? 'Softmax' : 'Sigmoid' };
  }
  if (width === 1) return { answer: plainNumber(name), chances: undefined };
  const what = `the run answers ${width} values a sample, whose labels are of kind '${kind ?? 'unknown'}'`;
  throw new TandemError('BAD_OPTION', what, `${action}: a file of answers has one class or one number a sample`);
}
