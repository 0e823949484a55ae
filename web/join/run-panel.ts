import type { RunCard } from '../../shared/run-card.js';
import { siteAddress } from '../site.js';
import { cardDetails, cardFacts, isForPages, placeSentence, VERTICAL } from './card-sentences.js';
import { element, showFacts } from './elements.js';

const POLL_MS = 3_000;

/** A server of another version may say less. What it refuses is said where it refuses it. */
const SILENT: RunCard = {
  state: 'gathering',
  offersData: false,
  wantsInvite: false,
  sharesModel: false,
  answersAfter: false,
  graceSeconds: 0,
};

/** The first part of the page: whether there is a place, what is asked, what leaves the device. It needs nothing but the server's word. */
export class RunPanel {
  private readonly status = element('run-status', HTMLParagraphElement);
  private timer: ReturnType<typeof setInterval> | undefined;

  /** Asks the server. Throws what fetch throws, and for an answer that is none. */
  async ask(): Promise<RunCard> {
    const response = await fetch(`${siteAddress()}run.json`, { cache: 'no-store' });
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    return { ...SILENT, ...((await response.json()) as Partial<RunCard>) };
  }

  show(card: RunCard): void {
    const text = card.run && !isForPages(card.run) && isOpen(card) ? VERTICAL : placeSentence(card);
    this.say(text);
    if (card.run) {
      const details = cardDetails(card.run);
      showFacts(element('run-facts', HTMLDListElement), cardFacts(card, card.run));
      showFacts(element('run-more', HTMLDListElement), details);
      element('run-details', HTMLDetailsElement).hidden = details.length === 0;
    }
    element('run-invite', HTMLParagraphElement).hidden = card.run !== undefined;
  }

  /** Looks again and again until `isEnough`. */
  async until(isEnough: (card: RunCard) => boolean): Promise<RunCard> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      // A server that does not answer is asked again, and the person knows.
      const card = await this.ask().catch(() => undefined);
      if (!card) this.status.textContent = 'The server does not answer now. This page goes on asking.';
      if (!card) continue;
      this.show(card);
      if (isEnough(card)) return card;
    }
  }

  /** Keeps what stands here true while the person chooses; `look` asks as the page is let to. */
  watch(look: () => Promise<RunCard>): void {
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      if (document.visibilityState === 'hidden') return;
      // What cannot be asked for now stays as it was.
      look().then(
        (card) => this.show(card),
        () => undefined,
      );
    }, POLL_MS);
  }

  /** From here on the page's own part tells how the run is: `text` stands here. */
  rest(text: string): void {
    clearInterval(this.timer);
    this.say(text);
  }

  /** A screen reader reads every change. */
  private say(text: string): void {
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}

/** Whether somebody who comes now may take part. */
export function isOpen({ state }: RunCard): boolean {
  return state === 'gathering' || state === 'training';
}
