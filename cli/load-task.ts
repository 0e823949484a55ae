import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TandemError } from '../shared/errors.js';
import { letModulesFindTandem } from '../shared/find-own-package.js';
import { promised } from '../shared/promised.js';
import { defineTask, type Task } from '../shared/task.js';
import { checkTaskName } from '../shared/tasks/task-names.js';
import { tfjsCopies } from './tfjs-copies.js';

/** The task that the flags ask for, with its cut replaced where `--cut` is given. */
export async function taskFromFlags({ task: nameOrFile, cut }: { task: string; cut?: string }): Promise<Task> {
  const task = await loadTask(nameOrFile);
  return cut === undefined ? task : { ...task, cut, cuts: {} };
}

/** A built-in task by name, or the default export of a file. Throws BAD_OPTION that says what was looked for. */
export async function loadTask(nameOrFile: string): Promise<Task> {
  if (!/[./\\]/.test(nameOrFile)) {
    const name = checkTaskName(nameOrFile);
    const { findTask } = await import('../shared/tasks/find-task.js');
    return findTask(name);
  }
  const { default: task } = (await importFile(nameOrFile, 'task')) as { default?: Task };
  if (!task)
    throw new TandemError('BAD_OPTION', `${nameOrFile} has no default export`, 'export default defineTask({ ... })');
  const source = fileUrl(nameOrFile);
  const copies = tfjsCopies(source);
  return { ...defineTask(task), source, ...(copies ? { copies } : {}) };
}

/** Imports a user's module by its path. */
export async function importFile(file: string, what: string): Promise<unknown> {
  const path = resolve(file);
  if (!existsSync(path)) throw new TandemError('BAD_OPTION', `there is no ${what} file at ${path}`, 'check the path');
  letModulesFindTandem();
  try {
    const broken = { code: 'BAD_OPTION', action: 'correct what it awaits' } as const;
    return await promised(`the ${what} file ${path}`, import(fileUrl(file)), broken);
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const hint = path.endsWith('.ts')
      ? 'compile it to JavaScript first (Node 20 does not run TypeScript)'
      : 'correct the file';
    throw new TandemError('BAD_OPTION', `the ${what} file ${path} cannot be loaded: ${message}`, hint);
  }
}

function fileUrl(file: string): string {
  return pathToFileURL(resolve(file)).href;
}
