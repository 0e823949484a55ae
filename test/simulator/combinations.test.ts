import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../shared/combinations.js';
import { findSchedule, scheduleNames } from '../../shared/schedules.js';
import { findTopology, topologyNames } from '../../shared/topologies.js';

describe('refusalOf', () => {
  it.each(scheduleNames)('lets schedule %s run with topology vanilla', (schedule) => {
    expect(refusalOf(findTopology('vanilla'), findSchedule(schedule))).toBeUndefined();
  });

  it.each(topologyNames.filter((name) => name !== 'vanilla'))('refuses topology %s without a cut', (topology) => {
    const undivided = { ...findSchedule('splitfed-v1'), name: 'whole', lanes: 'none' } as const;
    expect(refusalOf(findTopology(topology), undivided)).toMatch(/no cut/);
    expect(refusalOf(findTopology(topology), findSchedule('splitfed-v1'))).toBeUndefined();
  });
});
