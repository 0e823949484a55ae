import { IndexedDbStore } from '../../client/browser/life/indexed-db-store.js';
import { TandemError } from '../../shared/errors.js';
import type { RefusalCode } from '../../shared/refusals.js';
import { openTabDatabase, type TabDatabase } from '../../client/browser/life/tab-database.js';

/** What a refusal of the product comes to on its way between page and Node. */
export interface Told {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Answers, in Node, whether the bytes can be opened, or why they are refused. */
type Judge = (base64: string) => Promise<boolean | Told>;

const stores = new Map<string, IndexedDbStore>();
let database: Promise<TabDatabase> | undefined;

/** A store of the browser's own database, reached from Node by the name of its part. */
export const storeCalls = {
  async openStore(part: string) {
    database ??= openTabDatabase('tandem-test');
    stores.set(part, await IndexedDbStore.open(await database, part));
  },

  async saveInStore(part: string, name: string, base64: string) {
    await stores.get(part)?.save(
      name,
      Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)),
    );
  },

  /** Loads what `judgeBytes`, which Node has put here, says yes to; returns why the store refuses to. */
  async loadFromStore(part: string, name: string): Promise<Told | undefined> {
    const { judgeBytes } = globalThis as unknown as { judgeBytes: Judge };
    const open = async (bytes: Uint8Array) => {
      let letters = '';
      for (let at = 0; at < bytes.length; at += 8192) letters += String.fromCharCode(...bytes.subarray(at, at + 8192));
      const judged = await judgeBytes(btoa(letters));
      if (typeof judged === 'object') throw new TandemError(judged.code, judged.message);
      if (!judged) throw new Error('it cannot be opened');
    };
    try {
      await stores.get(part)?.load(name, open);
      return undefined;
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      return { code: error.code, message: error.message };
    }
  },
};
