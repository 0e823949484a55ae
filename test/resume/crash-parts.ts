import type { ParticipateOptions } from '../../client/participate.js';
import type { RunOptions, RunSettings } from '../../shared/config.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { dealData } from '../../shared/data/partition.js';
import type { IdentifiedData } from '../../shared/data/row-ids.js';
import type { Task } from '../../shared/task.js';
import { dealToParties } from '../../simulator/deal-to-parties.js';
import { normTask, tinyData, tinyTask } from '../helpers/tiny-task.js';
import { twoBottoms } from '../helpers/two-bottoms.js';
import { rowsToPredict, verticalData, verticalTask } from '../helpers/vertical-task.js';
import type { Setting } from './crash-settings.js';

/** Four steps of one client, the last with one sample, and three of the other; two batches to score. */
const [SAMPLES, TEST_SAMPLES] = [31, 7];

const vertical = verticalTask();

/** What a crash world is made of. */
export type WorldOptions = RunOptions &
  Pick<Setting, 'schedule' | 'topology' | 'bottoms' | 'norm' | 'missingIds' | 'toPredict' | 'second' | 'secondDoes'> & {
    readonly data?: ClientData;
  };

export function taskOf({ schedule, bottoms, norm }: WorldOptions): Task {
  if (schedule === 'joint') return vertical;
  return bottoms ? twoBottoms : norm ? normTask : tinyTask;
}

/** What each client has: rows of its own, or columns. */
export async function dealt(
  task: Task,
  settings: RunSettings,
  { data, missingIds, toPredict }: WorldOptions,
): Promise<readonly IdentifiedData[]> {
  if (task === vertical) {
    const others = toPredict === undefined ? {} : { toPredict: rowsToPredict(toPredict) };
    const all = { ...verticalData(SAMPLES, 3, TEST_SAMPLES), ...others };
    return dealToParties(task, all, settings, missingIds);
  }
  return dealData(data ?? tinyData(SAMPLES, 3, TEST_SAMPLES), settings);
}

/** What a client says it is, in a vertical run. */
export function partyOf(
  { topology, clients, aligned }: RunSettings,
  index: number,
): Pick<ParticipateOptions, 'party' | 'aligned'> {
  if (topology.data !== 'features') return {};
  return { party: index === clients - 1 ? 'active' : index, aligned };
}
