import { matchNames } from '../shared/data/match-names.js';
import type { IdentifiedData } from '../shared/data/row-ids.js';
import { toldNames, type RunNames } from '../shared/data/run-names.js';
import { BottomTrainer } from './bottom-trainer.js';
import type { WholeTrainer } from './whole-trainer.js';

export interface NamedData {
  /** With labels and columns numbered as the run does. */
  readonly data: IdentifiedData;
  /** What the server is told that the numbers stand for. */
  readonly names: RunNames;
  /** What they stand for here. */
  readonly matched: RunNames;
}

/** A client's data in the terms of its run. Throws BAD_DATA with both lists where the run calls things otherwise. */
export function namedData(given: IdentifiedData, trainer: BottomTrainer | WholeTrainer, run: RunNames): NamedData {
  const { data, names } = matchNames(given, run);
  // Each party of a vertical run has columns of its own, which are nobody else's business.
  const isVertical = trainer instanceof BottomTrainer && trainer.joint !== undefined;
  return { data, names: isVertical ? {} : toldNames(names), matched: names };
}
