import type { DataSource, LoadedFacts } from '../../client/browser/data/data-source.js';
import type { TabClient } from '../../client/browser/tab-client.js';
import type { RunFacts } from '../../client/preview.js';
import { element, whole } from './elements.js';
import { showPreview, shownRows } from './preview-panel.js';
import { Ticking } from './ticking.js';
import { clearTrouble, showTrouble } from './trouble.js';

/** The data that are chosen, what would be sent of them, and the consent to that: other data need another one. */
export class Choice {
  private readonly consent = element('consent', HTMLInputElement);
  private readonly showButton = element('show-preview', HTMLButtonElement);
  private readonly status = element('data-status', HTMLParagraphElement);
  private readonly reading = element('data-reading', HTMLParagraphElement);
  private readonly ticking = new Ticking(this.reading);
  private chosen: LoadedFacts | undefined;
  private turn = 0;

  constructor(
    private readonly tab: TabClient,
    private readonly onConsent: (isGiven: boolean) => void,
  ) {
    this.consent.addEventListener('change', () => onConsent(this.consent.checked));
  }

  /** Of the data that would be trained on now. */
  get data(): LoadedFacts | undefined {
    return this.chosen;
  }

  /** The run is known: what would be sent of it can be shown. */
  open(facts: RunFacts): void {
    this.showButton.addEventListener('click', () => void this.preview(facts));
  }

  /** Another source is chosen, or something is wrong with the one that was: what was chosen and agreed to before counts no more. */
  undo(): void {
    this.turn++;
    this.chosen = undefined;
    this.showButton.disabled = true;
    this.endReading();
    this.status.textContent = '';
    clearTrouble('data');
    this.withdraw();
  }

  /** The same, and why. */
  refuse(error: unknown): void {
    this.undo();
    showTrouble('data', error);
  }

  load(source: DataSource): Promise<void> {
    return this.read(() => this.tab.load(source), source.kind === 'offered' ? offeredText : ownText);
  }

  /** Reads data that are kept here, as if they had been given just now. */
  use(read: () => Promise<LoadedFacts>): Promise<void> {
    return this.read(read, ownText);
  }

  /** Data of before are gone on with: they were agreed to when they were given. */
  goOn(facts: LoadedFacts): void {
    this.chosen = facts;
    this.status.textContent = `The data of before: ${whole(facts.samples)} samples.`;
    this.consent.checked = true;
    this.consent.disabled = true;
  }

  /** Nothing is chosen any more while it trains. */
  close(): void {
    this.consent.disabled = true;
  }

  private async read(read: () => Promise<LoadedFacts>, say: (facts: LoadedFacts) => string): Promise<void> {
    this.undo();
    const { turn } = this;
    this.ticking.begin('Reading');
    try {
      const facts = await read();
      if (turn !== this.turn) return;
      this.endReading();
      this.chosen = facts;
      this.status.textContent = say(facts);
      this.showButton.disabled = facts.samples === 0;
      element('preview-text', HTMLParagraphElement).textContent = 'Look at what the server would get of your data.';
    } catch (error) {
      if (turn === this.turn) this.refuse(error);
    }
  }

  private endReading(): void {
    this.ticking.end();
    this.reading.hidden = true;
  }

  private async preview(facts: RunFacts): Promise<void> {
    const { chosen, turn } = this;
    if (!chosen) return;
    this.showButton.disabled = true;
    clearTrouble('preview');
    try {
      const preview = await this.tab.preview(shownRows(chosen.shown));
      if (turn !== this.turn) return;
      showPreview(preview, facts);
      this.consent.disabled = false;
    } catch (error) {
      if (turn !== this.turn) return;
      this.withdraw();
      showTrouble('preview', error);
    } finally {
      this.showButton.disabled = !this.chosen;
    }
  }

  /** What was agreed to holds for the data that were shown, and for no others. */
  private withdraw(): void {
    this.consent.checked = false;
    this.consent.disabled = true;
    this.onConsent(false);
    element('preview', HTMLDivElement).replaceChildren();
    element('preview-text', HTMLParagraphElement).textContent = 'Choose data first.';
    clearTrouble('preview');
  }
}

function ownText({ samples, testSamples, classes, notes }: LoadedFacts): string {
  const tests = testSamples > 0 ? `, ${whole(testSamples)} to test on` : '';
  const names = classes ? `, classes ${classes.map((name, i) => `${i}: ${name}`).join(', ')}` : '';
  const said = notes.map((note) => ` ${note.charAt(0).toUpperCase()}${note.slice(1)}.`).join('');
  return `${whole(samples)} samples to train on${tests}${names}. They stay on this device.${said}`;
}

function offeredText({ samples, testSamples, shown }: LoadedFacts): string {
  const tests = testSamples > 0 ? ` and ${whole(testSamples)} to test on` : '';
  return `${whole(shown)} samples are here to look at. Your share, about ${whole(samples)} to train on${tests}, is dealt and loaded when you start.`;
}
