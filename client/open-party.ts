import type { Engine } from '../shared/engine/engine.js';
import { decodeModelDefinition } from '../shared/protocol/model-definition.js';
import type { RunNames } from '../shared/data/run-names.js';
import type { Pace } from '../shared/protocol/pace.js';
import { BottomParty } from './bottom-party.js';
import type { PartyOptions } from './party-options.js';
import { WholeParty } from './whole-party.js';

/** Reads the definition the server sent: this client's part of the model, how far it may go on by itself, and what numbers stand for. Throws BAD_MESSAGE. */
export function openParty(
  payload: Uint8Array,
  engine: Engine,
  options: PartyOptions,
): { readonly party: BottomParty | WholeParty; readonly pace: Pace; readonly names: RunNames } {
  const definition = decodeModelDefinition(payload);
  const whole = definition.segments.some(({ role }) => role === 'whole');
  const party = whole ? new WholeParty(definition, options, engine) : new BottomParty(definition, options, engine);
  return { party, pace: definition.pace, names: definition.names ?? {} };
}
