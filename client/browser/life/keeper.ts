import { asTandemError } from '../../../shared/errors.js';
import type { TensorSpec } from '../../../shared/ndarray.js';
import { loadClient } from '../../checkpoints.js';
import type { PartyName } from '../../participate-options.js';
import type { EntryKey } from '../../ticket-exchange.js';
import { entryKeyOf, newEntryKey, newKeyPair } from '../entry-key.js';
import { IndexedDbStore, takenOver } from './indexed-db-store.js';
import { acquireLock, isLocked, type HeldLock, type LockWish } from './run-lock.js';
import { checkpointsOf, openTabDatabase, type KeptPart, type TabDatabase } from './tab-database.js';

/** What is stored for a server, for people. */
export interface KeptFacts {
  readonly run: string;
  readonly task: string;
  /** The step of the newest checkpoint; null before the first. */
  readonly step: number | null;
  readonly isInOtherTab: boolean;
  /** Which party of a vertical run it is. */
  readonly party?: PartyName;
  /** Why it cannot be resumed, where another version of Tandem wrote it. */
  readonly otherVersion: string | null;
}

/** A part in a run that this tab alone may go on with: it holds the lock. */
export interface Hold extends HeldLock {
  readonly part: KeptPart;
  readonly store: IndexedDbStore;
}

/** A tab's storage on this device, so that its part in a run survives a reload; one part for each server. */
export class Keeper {
  private constructor(private readonly database: TabDatabase) {}

  /** Undefined in a page without TLS, whose browser has neither locks nor hashes for it. Throws MISSING. */
  static async open(): Promise<Keeper | undefined> {
    if (!globalThis.isSecureContext || !('locks' in navigator)) return undefined;
    return new Keeper(await openTabDatabase());
  }

  async look(url: string): Promise<KeptFacts | null> {
    const part = await this.database.get('parts', url);
    if (!part) return null;
    const isInOtherTab = await isLocked(lockName(url));
    const about = {
      run: part.run,
      task: part.task,
      isInOtherTab,
      ...(part.party === undefined ? {} : { party: part.party }),
    };
    try {
      const snapshot = await loadClient(IndexedDbStore.reading(this.database, url));
      return { ...about, step: snapshot?.state.step ?? null, otherVersion: null };
    } catch (error) {
      const { code, line } = asTandemError(error);
      if (code !== 'BAD_VERSION') throw error;
      return { ...about, step: null, otherVersion: line };
    }
  }

  /** Begins with a part, or goes on with it where it is that of the same run. Throws TAKEN_OVER while another tab has it. */
  async begin(part: KeptPart): Promise<Hold> {
    const lock = await acquireLock(lockName(part.url), 'try');
    if (!lock) throw takenOver();
    const before = await this.database.get('parts', part.url);
    if (before?.run !== part.run) await this.clear(part.url);
    await this.database.put('parts', part, part.url);
    return this.hold(part, lock);
  }

  /** Goes on with what is kept for a server; undefined when nothing is, such as after another tab has ended the run. */
  async goOn(url: string, wish: LockWish, givenUp?: AbortSignal): Promise<Hold | undefined> {
    const lock = await acquireLock(lockName(url), wish, givenUp);
    if (!lock) throw takenOver();
    const part = await this.database.get('parts', url);
    if (part) return this.hold(part, lock);
    lock.release();
    return undefined;
  }

  /** Deletes the progress of a part; its data stay. */
  async clear(url: string): Promise<void> {
    await this.database.delete('checkpoints', checkpointsOf(url));
  }

  /** The part is over: its data and its progress are deleted. */
  async drop(url: string): Promise<void> {
    await this.clear(url);
    for (const store of ['parts', 'owners'] as const) await this.database.delete(store, url);
  }

  /** Nothing of a server is kept any more, not even the key that its invite was used for. */
  async forget(url: string): Promise<void> {
    await this.drop(url);
    await this.database.delete('keys', IDBKeyRange.bound(`${url} `, `${url} \uffff`));
  }

  /** The data a person gave, without going on. */
  async source(url: string): Promise<Pick<KeptPart, 'source' | 'input'> | undefined> {
    return this.database.get('parts', url);
  }

  /** The key enrolled with an invite: a reload needs no other use of the invite. */
  async entryKey(url: string, invite: string): Promise<EntryKey> {
    const id = `${url} ${invite}`;
    // A browser without Ed25519 comes in with the invite alone.
    const made = (await this.database.get('keys', id)) ?? (await newKeyPair().catch(() => undefined));
    if (!made) return newEntryKey();
    const { store, done } = this.database.transaction('keys', 'readwrite');
    // Another tab may have been faster.
    const pair = (await store.get(id)) ?? made;
    await store.put(pair, id);
    await done;
    return entryKeyOf(pair);
  }

  private async hold(part: KeptPart, lock: HeldLock): Promise<Hold> {
    return { ...lock, part, store: await IndexedDbStore.open(this.database, part.url) };
  }
}

/** A part of a run with what it takes to read its data again. */
export function keptPart(
  url: string,
  { run, task, inputs }: { readonly run: string; readonly task: string; readonly inputs: readonly TensorSpec[] },
  source: KeptPart['source'],
  party?: KeptPart['party'],
): KeptPart {
  const more = { ...(inputs[0] ? { input: inputs[0] } : {}), ...(party === undefined ? {} : { party }) };
  return { url, run, task, source, ...more };
}

function lockName(url: string): string {
  return `tandem ${url}`;
}
