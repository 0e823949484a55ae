import type { RunSettings } from '../../shared/config.js';
import type { TableSchema } from '../../shared/data/table.js';
import type { PlacedModel } from '../../shared/model/build.js';
import type { PartyPlace } from '../../shared/run-card.js';
import type { Task } from '../../shared/task.js';
import { partPlan } from '../run/part-plan.js';
import type { PartyPart } from './party-parts.js';

/** What taking part costs each party, for people who choose one. */
export function partyPlaces(
  task: Task,
  parts: readonly PartyPart[],
  placed: PlacedModel,
  settings: RunSettings,
): readonly PartyPlace[] {
  return parts.map((part, i) => {
    const plan = partPlan(part, placed, settings);
    // All parties take each step, where a plan counts those of all clients.
    const steps = plan.steps === null ? null : plan.steps * parts.length;
    return { party: part.active ? 'active' : i, plan: { ...plan, steps }, table: tableOf(task, i, part.active) };
  });
}

/** The party's columns in the order of its input, and the label's where it has the labels. */
function tableOf({ table, parties }: Task, place: number, active: boolean): TableSchema | null {
  const own = parties?.[place];
  if (!table || !own) return null;
  const features = own.flatMap((name) => table.columns.filter((column) => column.name === name));
  const labels = active ? table.columns.filter(({ kind }) => kind === 'label') : [];
  // Where its header is and what separates its cells is a matter of each party's own file.
  return { columns: [...features, ...labels], ...(table.missing ? { missing: table.missing } : {}) };
}
