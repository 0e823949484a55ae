import type { Engine } from '../../../shared/engine/engine.js';
import type { TestProgress } from '../../../shared/test-progress.js';
import type { OnLinkNews } from '../../link-news.js';
import type { PartyName, RunOutcome } from '../../participate.js';
import type { LoadedSource } from '../data/load-source.js';
import type { Entrance } from '../entrance.js';
import { addressAfter } from '../../server-address.js';
import { joinOver } from '../join.js';
import { takenOver } from '../life/indexed-db-store.js';
import type { Hold } from '../life/keeper.js';
import { RenewedLinks } from '../life/renewed-links.js';
import { detectSleep } from '../life/sleep-detector.js';
import type { Progress } from './calls.js';
import type { PauseGate } from './pause-gate.js';
import { ProgressReport } from './progress-report.js';

export interface TabTrainingOptions {
  readonly url: string;
  /** Which party of a vertical run. */
  readonly party: PartyName | undefined;
  readonly loaded: LoadedSource;
  readonly engine: Engine;
  readonly entrance: Entrance;
  readonly gate: PauseGate;
  /** Where the part is kept, if it is. */
  readonly hold: Hold | undefined;
  readonly onProgress: (progress: Progress) => void;
  readonly onTesting: (progress: TestProgress) => void;
  /** The link is lost, silent or back. */
  readonly onLink: OnLinkNews;
  /** Hears once that the part cannot be kept, and once that it can again. */
  readonly onKeeping: (text: string) => void;
}

/** A tab's part in one run, from its first link to its end. */
export class TabTraining {
  private readonly leaving = new AbortController();
  private readonly links: RenewedLinks;
  private lost = false;

  constructor(private readonly options: TabTrainingOptions) {
    const { entrance, url } = options;
    this.links = new RenewedLinks((told) => entrance.connect(addressAfter(url, told)));
  }

  /** Whether another tab has taken over: this one must send nothing more, not even a goodbye. */
  get isLost(): boolean {
    return this.lost;
  }

  /** Throws what `join` throws, and TAKEN_OVER. */
  async run(): Promise<RunOutcome> {
    const { party, loaded, engine, hold, gate, onProgress, onLink, onTesting, onKeeping } = this.options;
    const { signal: leave } = this.leaving;
    const report = new ProgressReport(onProgress);
    const lost = this.whenLost();
    const stopDetecting = detectSleep(() => void this.renew());
    try {
      await Promise.race([gate.opened(leave), lost]);
      const run = joinOver(this.links, {
        data: loaded.data,
        ...(party === undefined ? {} : { party, aligned: true }),
        ...(loaded.share ? { share: loaded.share } : {}),
        loadedEngine: engine,
        onLinkNews: onLink,
        onTesting,
        ...(hold ? { state: hold.store, onTrouble: onKeeping } : {}),
      });
      const goodbye = () => void run.leave();
      leave.addEventListener('abort', goodbye, { once: true });
      if (leave.aborted) goodbye();
      // No loop: leaving one says goodbye, which a tab that has lost its part must not.
      const steps = run[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([steps.next(), lost]);
        if (next.done) {
          report.flush();
          return await run.finished;
        }
        report.add(next.value);
        await Promise.race([gate.opened(leave), lost]);
      }
    } finally {
      stopDetecting();
      gate.set(false);
    }
  }

  leave(): void {
    this.leaving.abort();
  }

  /** Waits no longer before the next attempt. */
  hurry(): void {
    this.links.hurry();
  }

  /** Takes another link for the one that is there; not if the session is another tab's by now. */
  async renew(): Promise<void> {
    const { hold } = this.options;
    if (hold && !(await hold.store.isOurs())) return;
    this.links.renew();
  }

  /** Never resolves; rejects when another tab has taken over. */
  private whenLost(): Promise<never> {
    const { hold } = this.options;
    const lost = new Promise<never>((_resolve, reject) => {
      const give = () => {
        this.lost = true;
        reject(takenOver());
      };
      if (hold?.lost.aborted) give();
      else hold?.lost.addEventListener('abort', give, { once: true });
    });
    // It is looked at when it is raced against.
    lost.catch(() => undefined);
    return lost;
  }
}
