import { checkTable } from './data/table.js';
import { checkOptimizer } from './engine/optimizer.js';
import {
  byName,
  callable,
  checked,
  choice,
  either,
  fieldsOf,
  like,
  list,
  number,
  object,
  optional,
  text,
  whole,
  type Fault,
  type Fields,
  type Rule,
} from './fields/rules.js';
import { labelKinds } from './metrics/label-kind.js';
import { metricNames } from './metrics/metrics.js';
import { lossNames } from './model/loss-names.js';
import { checkPreparation } from './preparation/check-preparation.js';
import { limits } from './protocol/limits.js';
import type { LabelSpec, Task } from './task.js';
import { topologyNames } from './topologies.js';

/** What the part of `model` below the first cut is called where a client chooses a bottom. */
export const OWN_BOTTOM = 'default';

const builder = { ...callable, says: 'a function that builds a LayersModel' };
const optimizer = checked('an optimizer, such as adam()', checkOptimizer);
const bottomNames = `functions that build a LayersModel, under names of letters, digits, '-' and '_' other than '${OWN_BOTTOM}'`;
const bound = number('a number', () => true);
const length = like('a length, or null for any', (value) => value === null || whole(1).fault(value) === undefined);

const classNames = like('the names of at least two classes, each another', (value) => {
  const names = Array.isArray(value) ? (value as unknown[]) : [];
  const areNames = names.every((name) => typeof name === 'string' && name !== '');
  return areNames && names.length > 1 && new Set(names).size === names.length;
});

const labelFields = {
  name: text,
  dtype: choice(['float32', 'int32', 'uint8']),
  shape: list(length, 0, 'the lengths of its dimensions without the batch, [] for one value'),
  min: optional(bound),
  max: optional(bound),
  kind: optional(choice(labelKinds)),
} satisfies Fields<LabelSpec>;

const labelRule = fieldsOf(labelFields, 'a label');

/** Its fields, and then that they go together; told with its name, which a person knows it by. */
const label: Rule = {
  ...labelRule,
  fault: (value) => {
    const fault = labelRule.fault(value) ?? rangeFault(value as LabelSpec);
    const { name } = (value ?? {}) as Partial<LabelSpec>;
    return fault && typeof name === 'string' ? { ...fault, what: `of label '${name}' ${fault.what}` } : fault;
  },
};

function rangeFault({ min = -Infinity, max = Infinity }: LabelSpec): Fault | undefined {
  return min > max ? { path: '.min', what: `is ${min}, above max, ${max}`, action: 'correct one of them' } : undefined;
}

/** The fields of a task, each with what it takes: the one declaration that tasks are checked by. */
export const taskFields = {
  name: text,
  model: builder,
  cut: { ...text, says: 'the name of a layer; docs/cutting.md has more' },
  cuts: optional(
    fieldsOf(Object.fromEntries(topologyNames.map((name) => [name, optional(text)])), 'cuts by topology', 'topology'),
  ),
  loss: either(choice(lossNames), callable, (value) => typeof value !== 'function'),
  auxiliary: optional(builder),
  bottoms: optional(byName(builder, bottomNames, (name) => /^[a-z][\w-]{0,39}$/i.test(name) && name !== OWN_BOTTOM)),
  optimizer: either(list(optimizer, 1), optimizer, Array.isArray),
  labels: list(label, 1),
  classes: optional(classNames),
  metrics: list(choice(metricNames), 0, `a list of any of ${metricNames.join(', ')}`),
  data: optional(text),
  table: optional(checked('a schema (docs/tasks.md)', (value) => checkTable(value, 'the task'))),
  preparation: optional(checked('a preparation (docs/own-data.md)', checkPreparation)),
  parties: optional(list(list(text), 0, 'lists of columns, one a party')),
  source: optional(text),
  copies: optional(object),
  batch: optional(whole(1, limits.batch)),
  epochs: optional(whole(1, limits.rounds)),
} satisfies Fields<Task>;

/** A task among the options of something else. */
export const taskRule = { ...fieldsOf(taskFields, 'a task'), says: 'a task, such as defineTask makes' };
