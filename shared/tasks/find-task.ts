import { TandemError } from '../errors.js';
import type { Task } from '../task.js';
import { adult } from './adult.js';
import { adultVertical } from './adult-vertical.js';
import { mnist, mnistMlp, mnistNorm, mnistResidual } from './mnist.js';

/** The tasks that come with Tandem, by name. */
export const builtInTasks: ReadonlyMap<string, Task> = new Map(
  [mnist, mnistMlp, mnistResidual, mnistNorm, adult, adultVertical].map((task) => [task.name, task]),
);

/** Throws BAD_OPTION that lists the names there are. */
export function findTask(name: string): Task {
  const task = builtInTasks.get(name);
  if (task) return task;
  throw new TandemError(
    'BAD_OPTION',
    `unknown task '${name}'`,
    `use ${[...builtInTasks.keys()].join(', ')}, or the path of your own task file (docs/tasks.md)`,
  );
}
