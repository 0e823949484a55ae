import type { LoadedFacts } from '../../client/browser/data/data-source.js';
import type { KeptFacts } from '../../client/browser/life/keeper.js';
import type { LockWish } from '../../client/browser/life/run-lock.js';
import type { TabClient } from '../../client/browser/tab-client.js';
import type { RunAddress } from '../../client/browser/worker/calls.js';
import type { RunFacts } from '../../client/preview.js';
import { asTandemError } from '../../shared/errors.js';
import { element, whole } from './elements.js';

export interface KeptPanelOptions {
  readonly tab: TabClient;
  readonly address: RunAddress;
  readonly onTrouble: (error: unknown) => void;
  /** What is kept is this tab's now: it is to be gone on with. */
  readonly onGoOn: (loaded: LoadedFacts) => void;
  /** The data that are kept are to be used as if they had been given just now. */
  readonly onUse: () => void;
  /** What is kept was deleted. */
  readonly onForget: () => Promise<void>;
}

/** The part of the page that says what is kept on this device, goes on with it, and forgets it. */
export class KeptPanel {
  private readonly section = element('kept', HTMLElement);
  private readonly status = element('kept-status', HTMLParagraphElement);
  private readonly takeOver = element('take-over', HTMLButtonElement);
  private readonly use = element('use-kept', HTMLButtonElement);
  private readonly forget = element('forget', HTMLButtonElement);
  private step: number | null = null;
  private keeps = true;

  constructor(private readonly options: KeptPanelOptions) {
    this.takeOver.addEventListener('click', () => void this.goOn('take-over'));
    this.use.addEventListener('click', () => {
      this.use.hidden = true;
      options.onUse();
    });
    this.forget.addEventListener('click', () => void this.deleteAll());
    const trouble = element('kept-trouble', HTMLParagraphElement);
    options.tab.watchKeeping((text) => (trouble.textContent = text));
  }

  /** What an earlier page has left for this run. Answers whether it is gone on with, here or in another tab. */
  async open({ run }: RunFacts): Promise<boolean> {
    const { tab, address } = this.options;
    const kept = await this.look();
    if (!kept) return false;
    this.step = kept.step;
    if (kept.isInOtherTab) {
      this.tellOfOther();
      void this.goOn('wait');
      return true;
    }
    if (kept.run !== run) {
      await tab.forget(address);
      this.show('The run you took part in is over. What was kept for it on this device is deleted.');
      return false;
    }
    if (kept.otherVersion !== null) {
      this.show(kept.otherVersion, { forget: true });
      return false;
    }
    if (kept.step !== null) {
      await this.goOn('try');
      return true;
    }
    this.show('The data you gave for this run are still kept on this device.', { use: true, forget: true });
    return false;
  }

  /** Whether anything can be kept; known after `open`. */
  get canKeep(): boolean {
    return this.keeps;
  }

  /** Training has begun. `isSafe`: the browser has promised not to clear what is kept when the device runs out of room. */
  begun(isSafe: boolean): void {
    if (!this.keeps) return;
    const since = this.step === null ? '' : `Continued at step ${whole(this.step)}. `;
    const risk = isSafe ? '' : ' The browser may clear it when the device runs out of room.';
    const text = 'Your part is kept on this device: load this page again, or close it and come back soon.';
    this.show(`${since}${text}${risk}`, { forget: true });
  }

  /** The run has ended, or this tab's part in it. */
  async ended(thrown?: unknown): Promise<void> {
    this.step = null;
    const { code } = asTandemError(thrown);
    if (this.options.tab.isStopped) {
      return this.show('Another tab of this browser has taken over, and goes on. Load this page again to come back.');
    }
    if (thrown !== undefined && code === 'TAKEN_OVER') {
      this.tellOfOther();
      return void this.goOn('wait');
    }
    if (!this.keeps) return;
    const kept = await this.look();
    if (!kept) this.show('What was kept on this device for this run is deleted.');
    else if (kept.step === null) this.show('Your data are still kept on this device.', { forget: true });
    else this.show('Your part is still kept on this device: Start goes on with it.', { forget: true });
  }

  private async goOn(wish: LockWish): Promise<void> {
    const { tab, address, onGoOn, onTrouble } = this.options;
    this.takeOver.disabled = true;
    try {
      const kept = await this.look();
      this.step = kept?.step ?? null;
      if (wish === 'wait') this.takeOver.disabled = false;
      const loaded = await tab.hold(address, wish);
      if (!loaded) return this.show('The other tab has ended its part. Load this page again to take part once more.');
      // The other tab may have gone on while this one waited.
      this.step = (await this.look())?.step ?? null;
      this.show(`Continuing this run at step ${whole(this.step ?? 0)}.`, { forget: true });
      onGoOn(loaded);
    } catch (error) {
      // Who takes over has no need to wait any more.
      if (wish !== 'wait' || asTandemError(error).code !== 'CANCELLED') onTrouble(error);
    }
  }

  private tellOfOther(): void {
    const step = this.step === null ? '' : `, at step ${whole(this.step)}`;
    this.show(
      `Another tab of this browser takes part in this run${step}. It goes on there; this tab goes on when that one is closed.`,
      { takeOver: true },
    );
  }

  private async deleteAll(): Promise<void> {
    this.forget.disabled = true;
    try {
      await this.options.onForget();
      this.show('What was kept on this device for this run is deleted.');
    } catch (error) {
      this.options.onTrouble(error);
    } finally {
      this.forget.disabled = false;
    }
  }

  /** Where a browser keeps nothing, the person is told before the start. */
  private async look(): Promise<KeptFacts | null> {
    const { tab, address } = this.options;
    return tab.kept(address).catch((error: unknown) => {
      this.keeps = false;
      const { message, action } = asTandemError(error);
      element('keeps', HTMLParagraphElement).textContent =
        `Nothing can be kept on this device: ${message}; ${action}. A reload ends your part.`;
      return null;
    });
  }

  private show(text: string, { takeOver = false, use = false, forget = false } = {}): void {
    this.section.hidden = false;
    this.status.textContent = text;
    this.takeOver.hidden = !takeOver;
    this.use.hidden = !use;
    this.forget.hidden = !forget;
  }
}
