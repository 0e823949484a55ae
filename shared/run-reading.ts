import { chancesOf, type Chances } from './model/chances.js';
import { checkPreparation } from './preparation/check-preparation.js';
import type { Preparation } from './preparation/preparation.js';
import { TandemError } from './errors.js';
import type { Task } from './task.js';

/** Where a server says how data become its run's inputs. */
export const READING_PATH = '/preparation.json';

/** How raw data become a run's inputs, and its outputs words and units again: what its task says, for who has data and not the task. */
export interface RunReading {
  readonly preparation: Preparation;
  /** Null where the outputs are what they mean already. */
  readonly chances: Chances | null;
}

/** Null for a task that does not say how its data become numbers. */
export function readingOf(task: Pick<Task, 'table' | 'preparation' | 'parties' | 'loss'>): RunReading | null {
  const preparation = task.preparation ?? (task.table && { kind: 'table' as const, table: task.table });
  // The parties of a vertical run hold some columns each.
  if (!preparation || task.parties) return null;
  return { preparation, chances: chancesOf(task.loss) ?? null };
}

/** What a server sent; null where its run does not say. Throws BAD_MESSAGE for what is none. */
export function checkReading(value: unknown): RunReading | null {
  const { preparation, chances = null } = (value ?? {}) as Partial<RunReading>;
  if (preparation === undefined) return null;
  try {
    if (chances === null || chances === 'Softmax' || chances === 'Sigmoid')
      return { preparation: checkPreparation(preparation), chances };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_MESSAGE', `the server says how its data are read, and it is wrong: ${why}`);
  }
  throw new TandemError('BAD_MESSAGE', `the server makes chances by '${String(chances)}', which is not known`);
}
