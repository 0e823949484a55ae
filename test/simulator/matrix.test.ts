import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../shared/combinations.js';
import { dealData } from '../../shared/data/partition.js';
import { findSchedule, scheduleNames } from '../../shared/schedules.js';
import { cutsOf } from '../../shared/task.js';
import { findTopology, topologyNames } from '../../shared/topologies.js';
import { simulate } from '../../simulator/simulate.js';
import { countingMessages } from '../helpers/count-messages.js';
import { expectedMessages, type RunSize } from '../helpers/expected-messages.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** 65 samples among three clients: four batches of seven each, but three for the last one, eight times over. */
const data = tinyData(65, 5);
const verticalRows = verticalData(65, 5);
const settings = { clients: 3, epochs: 8, roundSteps: 3, batch: 7, seed: 17, partition: 'iid' } as const;

/** Every topology with every schedule there is: a new row of either table is a new row here. */
const matrix = topologyNames.flatMap((topology) => scheduleNames.map((schedule) => ({ topology, schedule })));

describe.each(matrix)('topology $topology with schedule $schedule', ({ topology, schedule }) => {
  const reason = refusalOf(findTopology(topology), findSchedule(schedule));
  const vertical = findTopology(topology).data === 'features';
  const options = {
    ...settings,
    ...(vertical ? { task: verticalTask(), data: verticalRows } : { task: tinyTask, data }),
    topology,
    schedule,
    engine: 'tfjs',
    transport: 'loopback',
  } as const;

  if (reason !== undefined) {
    it('is refused with the reason', async () => {
      const refusal = expect.stringContaining(reason) as string;
      await expect(simulate(options)).rejects.toMatchObject({ code: 'BAD_OPTION', message: refusal });
    });
    return;
  }

  it('trains, improves, and sends the messages that its rows promise', async () => {
    const losses: number[] = [];
    const { result, counts } = await countingMessages(() =>
      simulate({ ...options, onEvent: (event) => event.kind === 'step' && losses.push(event.loss) }),
    );
    const { summary } = result;
    expect(summary).toMatchObject({ topology, schedule, samples: 8 * 65, stopped: 'epochs' });
    expect(losses).toHaveLength(summary.steps);
    expect(mean(losses.slice(-9))).toBeLessThan(0.75 * mean(losses.slice(0, 9)));
    expect(summary.testAccuracy).toBeGreaterThan(0.6);
    expect(counts).toEqual(
      expectedMessages(findTopology(topology), findSchedule(schedule), vertical ? jointSize() : sizeOf(topology)),
    );
  });
});

function sizeOf(topology: string): RunSize {
  const { batch, epochs, roundSteps } = settings;
  const parts = dealData(data, { ...settings, limit: undefined });
  return {
    segments: cutsOf(tinyTask, topology).length + 1,
    steps: parts.map(({ train }) => epochs * Math.ceil(train.size / batch)),
    roundSteps,
    queries: parts.map(({ test }) => Math.ceil((test?.size ?? 0) / batch)),
  };
}

/** Three parties, all in every step: ten of an epoch, of which the last one is of two rows. */
function jointSize(): RunSize {
  const { batch, epochs, roundSteps } = settings;
  const steps = epochs * Math.ceil(verticalRows.train.size / batch);
  const queries = Math.ceil((verticalRows.test?.size ?? 0) / batch);
  return { segments: 3, steps: [steps, steps, steps], roundSteps, queries: [queries, queries, queries] };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
