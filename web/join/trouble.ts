import { element } from './elements.js';
import { sentenceFor } from './sentences.js';

/** The parts of the page that have a place for what went wrong there. */
export type TroublePlace = 'run' | 'data' | 'preview' | 'predict';

/** Says what went wrong where the choice was made that led to it, in view. */
export function showTrouble(place: TroublePlace, error: unknown): void {
  const box = element(`${place}-trouble`, HTMLParagraphElement);
  box.textContent = sentenceFor(error);
  box.hidden = false;
  box.scrollIntoView({ block: 'nearest' });
}

export function clearTrouble(place: TroublePlace): void {
  element(`${place}-trouble`, HTMLParagraphElement).hidden = true;
}
