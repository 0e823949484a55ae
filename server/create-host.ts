import type { Host } from './host.js';
import { RunHost } from './run/run-host.js';
import type { RunHostOptions } from './run/run-host-options.js';
import { VerticalHost } from './vertical/vertical-host.js';

/** The host of a run: of clients with rows of their own, or of parties with features of their own. */
export function createHost(options: RunHostOptions): Promise<Host> {
  return options.settings.topology.data === 'features' ? VerticalHost.create(options) : RunHost.create(options);
}
