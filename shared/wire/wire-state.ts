import type { CodecState } from './codec.js';
import type { WireTerms } from './terms.js';

/** The state of one direction's codecs, by stream and tensor. */
export type WireState = Readonly<Record<string, CodecState>>;

/** The wire of a session as a checkpoint has it; each is missing where nothing is coded. */
export interface WireSnapshot {
  readonly terms?: WireTerms | undefined;
  readonly sentWire?: WireState | undefined;
  readonly receivedWire?: WireState | undefined;
}
