import { expect, it } from 'vitest';
import { loadData } from '../../cli/load-data.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate } from '../../simulator/simulate.js';
import { adult, needs } from '../helpers/outside.js';
import { wholeSuite } from '../helpers/whole-suite.js';

it.runIf(wholeSuite)(
  'adult, its columns split over three parties and the labels at a fourth, is as good as the whole table',
  async (context) => {
    needs(context, adult);
    const auc = async (name: string, topology: string) => {
      const task = findTask(name);
      const data = await loadData(`adult:${adult.path}`, task);
      const { summary } = await simulate({
        task,
        data,
        topology,
        clients: 4,
        seed: 1,
        epochs: 2,
        transport: 'loopback',
        ...(topology === 'vanilla' ? { schedule: 'centralised' } : {}),
      });
      return summary.metrics.auc ?? NaN;
    };
    const [split, whole] = [await auc('adult-vertical', 'vertical'), await auc('adult', 'vanilla')];
    expect(whole).toBeGreaterThan(0.89);
    expect(split).toBeGreaterThan(whole - 0.01);
  },
);
