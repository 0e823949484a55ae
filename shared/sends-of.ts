import { partsOf, type ModelDefinition } from './protocol/model-definition.js';
import type { Sends } from './run-card.js';

/** What goes to the server of each step. Apart from the card, which pages read without what a model takes. */
export function sendsOf(definition: ModelDefinition): Sends {
  if (partsOf(definition, 'whole').length > 0) return 'weights';
  // A passive party has no labels to send.
  if (definition.joint?.active === false) return 'smashed data';
  return partsOf(definition, 'top').length > 0 ? 'smashed data' : 'smashed data and labels';
}
