import { brokenData } from './broken-data.js';
import { brokenModels } from './broken-models.js';
import { brokenTasks } from './broken-tasks.js';
import type { Fault } from './broken.js';

/** All that can be wrong with a task, its model or its data, by name. */
export const faults: Readonly<Record<string, Fault>> = { ...brokenTasks, ...brokenModels, ...brokenData };
