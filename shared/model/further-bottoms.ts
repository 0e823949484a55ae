import { TandemError } from '../errors.js';
import { tryTrial } from '../trial/try-out.js';
import { showShape, type NdArray, type TensorSpec } from '../ndarray.js';
import { OWN_BOTTOM } from '../task-fields.js';
import type { Task } from '../task.js';
import { cutModel } from './cut.js';
import type { SegmentSpec } from './segment-spec.js';
import { takeModel } from './take-model.js';

/** A bottom that a client may hold instead of the task's own, with the weights that all clients of its kind start from. */
export interface FurtherBottom {
  readonly name: string;
  readonly spec: SegmentSpec;
  readonly weights: readonly NdArray[];
}

/**
 * Builds a task's further bottoms. Their weights come from the seed, and do not depend on which others there are. Throws
 * BAD_CUT with both shapes when one does not take the task's inputs, or does not make the tensors at the first cut.
 */
export async function buildFurtherBottoms(task: Task, seed: number, own: SegmentSpec): Promise<FurtherBottom[]> {
  const built: FurtherBottom[] = [];
  for (const [name, build] of Object.entries(task.bottoms ?? {})) {
    const model = await takeModel(
      `bottom '${name}' of task '${task.name}'`,
      ['bottom', name, seed],
      build,
      task.copies,
    );
    try {
      const { specs, weights } = cutModel(model, []);
      const [spec] = specs;
      if (!spec) throw new TandemError('BAD_CUT', `bottom '${name}' of task '${task.name}' has no layers`);
      checkFits(task, name, 'takes', spec.inputs, own.inputs);
      checkFits(task, name, 'makes', spec.outputs, own.outputs);
      await tryTrial({ what: `bottom '${name}' of task '${task.name}'`, model, cut: { specs, weights } });
      built.push({ name, spec: { ...spec, index: own.index, of: own.of }, weights: weights[0] ?? [] });
    } finally {
      model.dispose();
    }
  }
  return built;
}

function checkFits(
  task: Task,
  name: string,
  verb: 'takes' | 'makes',
  given: readonly TensorSpec[],
  wanted: readonly TensorSpec[],
): void {
  const show = (specs: readonly TensorSpec[]) =>
    specs.map(({ dtype, shape }) => `${dtype} ${showShape(shape)}`).join(', ');
  if (show(given) === show(wanted)) return;
  const instead = verb === 'takes' ? 'what the model takes' : `what '${OWN_BOTTOM}', the part below the cut, makes`;
  throw new TandemError(
    'BAD_CUT',
    `bottom '${name}' of task '${task.name}' ${verb} ${show(given)}, and ${show(wanted)} is ${instead}`,
    'let it end in the tensors at the first cut, cut where they are, or leave it out of bottoms',
  );
}
