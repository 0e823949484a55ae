import type { RunEvent } from '../events.js';
import type { LabelKind } from '../metrics/label-kind.js';
import { measuring } from '../metrics/measuring.js';
import type { Task } from '../task.js';
import type { Placement } from '../topologies.js';
import { judgedBy } from './check-labels.js';
import type { CutModel } from './cut.js';

/** How a run's tests judge its model: what labels mean, and what is said of it before the run. */
export function judging(
  task: Task,
  { specs }: Pick<CutModel, 'specs'>,
  loss: Placement['loss'],
): { readonly kind: LabelKind | undefined; readonly said: RunEvent } {
  const judged = judgedBy(task, specs.at(-1)?.outputs ?? []);
  return { kind: judged.kind, said: measuring(task.metrics, judged, loss) };
}
