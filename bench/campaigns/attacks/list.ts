import { foreignName, shutOut } from './at-the-door.js';
import type { Attack } from './attack.js';
import { claimedSamples } from './claimed-samples.js';
import { eachLength } from './each-length.js';
import { forgedLines } from './forged-lines.js';
import { heldPlaces, heldPredictions } from './held-places.js';
import { dripInTurns, leavesAndReturns } from './in-turns.js';
import { oneKey } from './one-key.js';
import { endlessEvaluation, hugeQuestion, moreQuestions } from './questions.js';
import { reportedScores } from './reported-scores.js';
import { spoilingUpload } from './spoiling-upload.js';

/** Every attack there is. */
export const attacks: readonly Attack[] = [
  claimedSamples,
  reportedScores,
  moreQuestions,
  spoilingUpload,
  hugeQuestion,
  eachLength,
  heldPlaces,
  heldPredictions,
  oneKey,
  endlessEvaluation,
  leavesAndReturns,
  foreignName,
  forgedLines,
  shutOut,
  dripInTurns,
];
