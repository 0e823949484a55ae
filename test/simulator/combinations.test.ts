import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../shared/combinations.js';
import { findSchedule, scheduleNames } from '../../shared/schedules.js';
import { findTopology, topologyNames } from '../../shared/topologies.js';

describe('refusalOf', () => {
  it.each(scheduleNames.filter((name) => name !== 'joint'))(
    'lets schedule %s run with topology vanilla',
    (schedule) => {
      expect(refusalOf(findTopology('vanilla'), findSchedule(schedule))).toBeUndefined();
    },
  );

  it.each(['u-shaped'])('refuses topology %s without a cut', (topology) => {
    const undivided = { ...findSchedule('splitfed-v1'), name: 'whole', lanes: 'none' } as const;
    expect(refusalOf(findTopology(topology), undivided)).toMatch(/no cut/);
    expect(refusalOf(findTopology(topology), findSchedule('splitfed-v1'))).toBeUndefined();
  });

  it.each(topologyNames)(
    'lets topology %s run with all parties in every step exactly where they differ in features',
    (name) => {
      const topology = findTopology(name);
      const joint = refusalOf(topology, findSchedule('joint'));
      const apart = refusalOf(topology, findSchedule('splitfed-v2'));
      if (topology.data === 'features')
        expect([joint, apart]).toEqual([undefined, expect.stringMatching(/needs the features of all/)]);
      else expect([joint, apart]).toEqual([expect.stringMatching(/only vertical/), undefined]);
    },
  );
});
