import { RowsCourse } from './run/rows-course.js';
import { RunHost } from './run/run-host.js';
import type { RunHostOptions } from './run/run-host-options.js';
import { VerticalCourse } from './vertical/vertical-course.js';

/** The host of a run: of clients with rows of their own, or of parties with features of their own. */
export async function createHost(options: RunHostOptions): Promise<RunHost> {
  const course = options.settings.topology.data === 'features' ? VerticalCourse : RowsCourse;
  return RunHost.create(options, await course.prepare(options));
}
