import { markdownTable } from '../../bench/markdown.js';
import { refusalOf } from '../../shared/combinations.js';
import { findSchedule, scheduleNames } from '../../shared/schedules.js';
import { findTopology, topologyNames } from '../../shared/topologies.js';

/** Which topologies and schedules go together, and below the table why others do not. */
export function topologyMatrix(): string {
  const reasons: string[] = [];
  const cell = (topology: string, schedule: string): string => {
    const reason = refusalOf(findTopology(topology), findSchedule(schedule));
    if (reason === undefined) return 'yes';
    if (!reasons.includes(reason)) reasons.push(reason);
    return `no (${reasons.indexOf(reason) + 1})`;
  };
  const rows = scheduleNames.map((schedule) => [
    `\`${schedule}\``,
    ...topologyNames.map((topology) => cell(topology, schedule)),
  ]);
  const table = markdownTable([['', ...topologyNames.map((name) => `\`${name}\``)], ...rows]);
  return [table, reasons.map((reason, i) => `${i + 1}. ${reason}`).join('\n')].filter((text) => text).join('\n\n');
}
