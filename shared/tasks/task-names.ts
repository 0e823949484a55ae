import { TandemError } from '../errors.js';

/** The tasks that come with Tandem. By themselves, so that a name can be refused before what builds models is loaded. */
export const taskNames = ['mnist', 'mnist-mlp', 'mnist-residual', 'mnist-norm', 'adult', 'adult-vertical'] as const;

export type TaskName = (typeof taskNames)[number];

/** Throws BAD_OPTION that lists the names there are. */
export function checkTaskName(name: string): TaskName {
  const known = taskNames.find((each) => each === name);
  if (known) return known;
  throw new TandemError(
    'BAD_OPTION',
    `unknown task '${name}'`,
    `use ${taskNames.join(', ')}, or the path of your own task file (docs/tasks.md)`,
  );
}
