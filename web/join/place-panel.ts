import type { PlaceOnCard, RunOnCard } from '../../shared/run-card.js';
import { placesHere, placeText } from './card-sentences.js';
import { element } from './elements.js';

/** Where a run has places of several kinds, one of them is chosen before anything else. */
export class PlacePanel {
  private readonly section = element('places', HTMLDivElement);
  private readonly list = element('place-list', HTMLParagraphElement);
  private readonly status = element('place-status', HTMLParagraphElement);

  /** What was chosen just now, which another one may take before the start. */
  private taken: PlaceOnCard | undefined;

  /** The place that is taken by a click; `first` are the places as they are now. */
  choose(first: RunOnCard): Promise<PlaceOnCard> {
    this.section.hidden = false;
    return new Promise((resolve) => {
      const buttons = placesHere(first).map((place) => {
        const button = document.createElement('button');
        button.className = 'button';
        button.type = 'button';
        button.value = String(place.party);
        button.textContent = placeText(place);
        button.disabled = !place.isFree;
        button.addEventListener('click', () => {
          this.taken = place;
          this.close(place);
          resolve(place);
        });
        return button;
      });
      this.list.replaceChildren(...buttons);
    });
  }

  /** Others come and go while somebody chooses, and after that until the start. */
  update(run: RunOnCard): void {
    if (this.taken) this.tell(run.places?.find(({ party }) => party === this.taken?.party) ?? this.taken);
    for (const button of this.list.querySelectorAll('button')) {
      const place = run.places?.find(({ party }) => String(party) === button.value);
      if (place) button.disabled = !place.isFree;
    }
  }

  /** Says which place this page has, where that was chosen before. */
  close(place: PlaceOnCard): void {
    this.section.hidden = false;
    this.list.replaceChildren();
    this.tell({ ...place, isFree: true });
  }

  private tell(place: PlaceOnCard): void {
    const isGone = place.isFree ? '' : ' Somebody else has taken it meanwhile.';
    const text = `Your place: ${placeText(place)}.${isGone} Load this page again to choose another one.`;
    // A screen reader reads every change.
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}
