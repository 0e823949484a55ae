import { IndexedDbStore } from '../../client/browser/life/indexed-db-store.js';
import { openTabDatabase, type TabDatabase } from '../../client/browser/life/tab-database.js';

/** Answers, in Node, whether the bytes can be opened. */
type Judge = (base64: string) => Promise<boolean>;

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

  /** Loads what `judgeBytes`, which Node has put here, says yes to. */
  async loadFromStore(part: string, name: string) {
    const { judgeBytes } = globalThis as unknown as { judgeBytes: Judge };
    return stores.get(part)?.load(name, async (bytes) => {
      let letters = '';
      for (let at = 0; at < bytes.length; at += 8192) letters += String.fromCharCode(...bytes.subarray(at, at + 8192));
      if (!(await judgeBytes(btoa(letters)))) throw new Error('it cannot be opened');
    });
  },
};
