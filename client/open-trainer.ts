import type { Engine } from '../shared/engine/engine.js';
import { decodeModelDefinition } from '../shared/protocol/model-definition.js';
import type { RunNames } from '../shared/data/run-names.js';
import type { Pace } from '../shared/protocol/pace.js';
import { BottomTrainer } from './bottom-trainer.js';
import type { TrainerOptions } from './trainer-options.js';
import { WholeTrainer } from './whole-trainer.js';

/** Reads a model definition: the trainer of this client's segments, its pace, and the names of classes and columns. Throws BAD_MESSAGE. */
export function openTrainer(
  payload: Uint8Array,
  engine: Engine,
  options: TrainerOptions,
): { readonly trainer: BottomTrainer | WholeTrainer; readonly pace: Pace; readonly names: RunNames } {
  const definition = decodeModelDefinition(payload);
  const whole = definition.segments.some(({ role }) => role === 'whole');
  const trainer = whole
    ? new WholeTrainer(definition, options, engine)
    : new BottomTrainer(definition, options, engine);
  return { trainer, pace: definition.pace, names: definition.names ?? {} };
}
