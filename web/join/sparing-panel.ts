import type { ConditionSource } from '../../client/browser/life/device-conditions.js';
import { sparingSentence, whySpare, type SparingReason } from '../../client/browser/life/sparing.js';
import { element } from './elements.js';

/** Pauses on a low battery and on a network that may cost money, says why, and lets the person decide otherwise. */
export function openSparingPanel(conditions: ConditionSource, onChange: (isSpared: boolean) => void): void {
  const wanted = element('spare', HTMLInputElement);
  const status = element('spare-status', HTMLParagraphElement);
  let reason: SparingReason | null = null;
  const look = () => {
    const now = conditions.current();
    const before = reason;
    reason = wanted.checked ? whySpare(now, before) : null;
    const text = reason === null ? '' : sparingSentence(reason, now);
    if (status.textContent !== text) status.textContent = text;
    if ((reason === null) !== (before === null)) onChange(reason !== null);
  };
  wanted.addEventListener('change', look);
  conditions.onChange(look);
  look();
}
