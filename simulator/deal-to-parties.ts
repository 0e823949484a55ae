import type { RunSettings } from '../shared/config.js';
import type { ClientData } from '../shared/data/dataset.js';
import { dealColumns } from '../shared/data/party-data.js';
import type { IdentifiedData } from '../shared/data/row-ids.js';
import { buildPlaced } from '../shared/model/build.js';
import { splitBottom } from '../shared/model/split-bottom.js';
import type { Task } from '../shared/task.js';

/**
 * Deals the inputs of everybody's data to the parties of a vertical run, as the model's bottom falls apart. The last party
 * has the labels, and may have nothing else.
 */
export async function dealToParties(
  task: Task,
  data: ClientData,
  settings: RunSettings,
  missing: number | undefined,
): Promise<IdentifiedData[]> {
  const { cut } = await buildPlaced(task, settings);
  const [bottom] = cut.specs;
  const shares = bottom ? await splitBottom(bottom, cut.weights[0] ?? []) : [];
  const inputs = Array.from({ length: settings.clients }, (_, party) => shares[party]?.inputs ?? []);
  return dealColumns(data, { inputs, seed: settings.seed, ...(missing === undefined ? {} : { missing }) });
}
