import type { CodecState } from './codec.js';
import type { WireTerms } from './terms.js';

/** What the codecs of one direction remember, by stream and tensor. */
export type WireState = Readonly<Record<string, CodecState>>;

/** The wire of a session as a checkpoint has it; each is missing where nothing is coded. */
export interface WireSnapshot {
  readonly terms?: WireTerms | undefined;
  readonly sentWire?: WireState | undefined;
  readonly receivedWire?: WireState | undefined;
}
