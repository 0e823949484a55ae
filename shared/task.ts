import type { TableSchema } from './data/table.js';
import type { Preparation } from './preparation/preparation.js';
import type { OptimizerSpec } from './engine/optimizer.js';
import { TandemError } from './errors.js';
import { checkFields } from './fields/check-fields.js';
import { parseCuts, type Cut } from './model/parse-cuts.js';
import type { Loss } from './model/loss.js';
import type { ModelBuilder, TfjsCopies } from './model/take-model.js';
import type { MetricName } from './metrics/metrics.js';
import type { LabelKind } from './metrics/label-kind.js';
import type { TensorSpec } from './ndarray.js';
import { taskFields } from './task-fields.js';

/** What one label may be; a client whose labels break it is refused before anything is computed. */
export interface LabelSpec extends TensorSpec {
  /** What its values mean, where loss, type and shape leave it open: docs/metrics.md. */
  readonly kind?: LabelKind;
}

/**
 * Everything that defines a run but its size: one small file a user writes. The server builds the model and cuts it;
 * clients receive their part from the server.
 */
export interface Task {
  readonly name: string;
  /** The undivided model, built, loaded or there already. Called with a seeded source of randomness, so the same seed gives the same weights. */
  readonly model: ModelBuilder;
  /** Where to cut: a layer name; `a+b` for one cut through two layers; `a,b` for two cuts. */
  readonly cut: string;
  /** Where to cut instead under other topologies: `{ 'u-shaped': 'pool1,dense2' }`. */
  readonly cuts?: Readonly<Record<string, string>>;
  readonly loss: Loss;
  /** With `local-loss`: the head that clients' bottoms learn from, from the tensors at the cut to the model's outputs. One is made when left out. */
  readonly auxiliary?: ModelBuilder;
  /** Bottoms by name that a client may hold instead of the part below the first cut: from the model's inputs to the very tensors at that cut. */
  readonly bottoms?: Readonly<Record<string, ModelBuilder>>;
  /** One for all segments, or one a segment from the bottom up. */
  readonly optimizer: OptimizerSpec | readonly OptimizerSpec[];
  readonly labels: readonly LabelSpec[];
  /** The classes of the first label by their numbers, where they have names: clients map theirs to these. A table with classes has named them. */
  readonly classes?: readonly string[];
  readonly metrics: readonly MetricName[];
  /** The name or path of the data set that `tandem simulate` takes when none is given. */
  readonly data?: string;
  /** How a table becomes the model's input, where the data come as a CSV file. */
  readonly table?: TableSchema;
  /** The same for pictures, sounds and arrays, as `tandem train` writes it down. */
  readonly preparation?: Preparation;
  /** Vertical: the columns of the table that each party holds, one list for each input of the model. */
  readonly parties?: readonly (readonly string[])[];
  /** The address of the module the task came from, where it is a file; threads import it for layers and losses of its own. */
  readonly source?: string;
  /** Where that file finds another copy of tfjs than Tandem does, both. */
  readonly copies?: TfjsCopies;
  /** Defaults a run may override. */
  readonly batch?: number;
  readonly epochs?: number;
}

/** Checks a task where it is written rather than where it fails. Throws BAD_OPTION with the path of the field. */
export function defineTask(task: Task): Task {
  const { name } = (task as Partial<Task> | null | undefined) ?? {};
  checkFields(`task '${typeof name === 'string' ? name : '?'}'`, task, taskFields);
  return task;
}

/** The cuts of a task under a topology. */
export function cutsOf(task: Task, topology = 'vanilla'): Cut[] {
  return parseCuts(task.cuts?.[topology] ?? task.cut);
}

/** The optimizer of a segment. Throws BAD_OPTION when the task lists fewer than there are segments. */
export function optimizerOf(task: Task, segment: number): OptimizerSpec {
  if (!Array.isArray(task.optimizer)) return task.optimizer as OptimizerSpec;
  const spec = (task.optimizer as readonly OptimizerSpec[])[segment];
  if (!spec) throw new TandemError('BAD_OPTION', `task '${task.name}' has no optimizer for segment ${segment}`);
  return spec;
}
