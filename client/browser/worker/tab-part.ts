import { asTandemError, TandemError } from '../../../shared/errors.js';
import type { RefusalCode } from '../../../shared/refusals.js';
import { Keeper, type Hold, type KeptFacts } from '../life/keeper.js';
import type { LockWish } from '../life/run-lock.js';
import type { KeptPart } from '../life/tab-database.js';

/** After these a part can be gone on with: nothing is wrong with the session itself. */
const GOES_ON: ReadonlySet<RefusalCode> = new Set([
  ...([
    'LINK_LOST',
    'UNREACHABLE',
    'TAKEN_OVER',
    'TOO_MANY',
    'TOO_SLOW',
    'NO_ENTRY',
    'MISSING',
    'CANNOT_WRITE',
    'INTERNAL',
  ] as const),
]);

/** What a tab keeps, and the part of a run that it holds at the moment. */
export class TabPart {
  private opening: Promise<Keeper | undefined> | undefined;
  private holding: Hold | undefined;
  private waiting: AbortController | undefined;

  /** Throws MISSING with the reason why this page can keep nothing. */
  async keeper(): Promise<Keeper> {
    const keeper = await (this.opening ??= Keeper.open());
    if (keeper) return keeper;
    throw new TandemError('MISSING', 'a browser keeps nothing safely for a page without TLS', 'open it by https://');
  }

  get held(): Hold | undefined {
    return this.holding;
  }

  async look(url: string): Promise<KeptFacts | null> {
    const facts = await (await this.keeper()).look(url);
    return facts && { ...facts, isInOtherTab: facts.isInOtherTab && !this.holding };
  }

  /** Holds what is kept for a server, and gives up an earlier wait for it. */
  async goOn(url: string, wish: LockWish): Promise<Hold | undefined> {
    this.waiting?.abort();
    const waiting = (this.waiting = new AbortController());
    return (this.holding = await (await this.keeper()).goOn(url, wish, waiting.signal));
  }

  async begin(part: KeptPart): Promise<Hold> {
    this.waiting?.abort();
    return (this.holding ??= await (await this.keeper()).begin(part));
  }

  async forget(url: string): Promise<void> {
    this.release();
    await (await this.keeper()).forget(url);
  }

  /** The run has ended for this tab: with an outcome, or with what was thrown. Of another tab's part nothing is touched. */
  async ended(hold: Hold, thrown?: unknown): Promise<void> {
    const keeper = await this.keeper();
    const { code } = asTandemError(thrown);
    const { url } = hold.part;
    if (await hold.store.isOurs()) {
      if (thrown === undefined || code === 'CANCELLED') await keeper.drop(url);
      else if (!GOES_ON.has(code)) await keeper.clear(url);
    }
    this.release();
  }

  private release(): void {
    this.holding?.release();
    this.holding = undefined;
  }
}
