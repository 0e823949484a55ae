/** What `tandem/relay` offers. */
export { relay, type RelayOptions, type RunningRelay } from './relay.js';
export type { RelaySummary } from './relay-host.js';
