import { aggregationText } from './aggregation.js';
import type { RunSettings } from './config.js';
import { scheduleText } from './schedules.js';
import { topologyText } from './topologies.js';

/** The settings of a run as plain data, to be written down and compared: custom rows by what they say, functions by their names. */
export interface SettingsRecord extends Omit<RunSettings, 'topology' | 'schedule' | 'aggregation' | 'isStopped'> {
  readonly topology: string;
  readonly schedule: string;
  readonly aggregation: string;
}

export function recordSettings(settings: RunSettings): SettingsRecord {
  const { topology, schedule, aggregation, isStopped: _, ...plain } = settings;
  return {
    ...plain,
    topology: topologyText(topology),
    schedule: scheduleText(schedule),
    aggregation: aggregationText(aggregation),
  };
}
