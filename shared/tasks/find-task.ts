import type { Task } from '../task.js';
import { adult } from './adult.js';
import { adultVertical } from './adult-vertical.js';
import { mnist, mnistMlp, mnistNorm, mnistResidual } from './mnist.js';
import { checkTaskName, taskNames, type TaskName } from './task-names.js';

const tasks: Readonly<Record<TaskName, Task>> = {
  mnist,
  'mnist-mlp': mnistMlp,
  'mnist-residual': mnistResidual,
  'mnist-norm': mnistNorm,
  adult,
  'adult-vertical': adultVertical,
};

/** The tasks that come with Tandem, by name. */
export const builtInTasks: ReadonlyMap<string, Task> = new Map(taskNames.map((name) => [name, tasks[name]]));

/** Throws BAD_OPTION that lists the names there are. */
export function findTask(name: string): Task {
  return tasks[checkTaskName(name)];
}
