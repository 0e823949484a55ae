import { namesOfSchema, type RunNames } from './data/run-names.js';
import type { Task } from './task.js';

type Named = Pick<Task, 'classes' | 'table' | 'parties'>;

/** What a task says of the names of classes and columns; clients' own must fit these. */
export function namesOfTask({ classes, table, parties }: Named): RunNames {
  const { widths: _, ...names } = table ? namesOfSchema(table) : {};
  // Where each party holds some of the columns, their order is that of the parties.
  const own = parties ? { ...(names.classes ? { classes: names.classes } : {}) } : names;
  return { ...own, ...(classes ? { classes } : {}) };
}

/** The same for one party of a vertical run: the columns it holds, and the classes where it has the labels. */
export function namesOfParty(task: Named, party: number, active: boolean): RunNames {
  const { classes } = namesOfTask(task);
  const own = task.parties?.[party];
  const { columns, coding } = own && task.table ? namesOfSchema(task.table, own) : {};
  return {
    ...(active && classes ? { classes } : {}),
    ...(columns ? { columns, ...(coding === undefined ? {} : { coding }) } : {}),
  };
}
