import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { TandemError } from '../../../shared/errors.js';
import type { TensorSpec } from '../../../shared/ndarray.js';
import type { PartyName } from '../../participate-options.js';
import type { DataSource } from '../data/data-source.js';

/** What a tab needs, besides its checkpoints, to go on with a run: which one, and on which data. */
export interface KeptPart {
  /** Of the server, such as `ws://127.0.0.1:8080`; one part is kept for each. */
  readonly url: string;
  /** The run's id. */
  readonly run: string;
  readonly task: string;
  /** The private data as they were given, or where everybody's are. */
  readonly source: DataSource;
  /** The model's input, to which images are brought. */
  readonly input?: TensorSpec;
  /** Which party of a vertical run. */
  readonly party?: PartyName;
}

interface TabSchema extends DBSchema {
  parts: { key: string; value: KeptPart };
  /** By the part, the name of the checkpoint and its generation. */
  checkpoints: { key: [part: string, name: string, generation: number]; value: unknown };
  /** Who may write the checkpoints of a part. */
  owners: { key: string; value: string };
  /** By the server and the invite they were enrolled with. */
  keys: { key: string; value: CryptoKeyPair };
}

export type TabDatabase = IDBPDatabase<TabSchema>;

const NAME = 'tandem';
const STORES = ['parts', 'checkpoints', 'owners', 'keys'] as const;

/** All that pages of this origin keep on this device. Throws MISSING where the browser keeps nothing. */
export async function openTabDatabase(name = NAME): Promise<TabDatabase> {
  try {
    return await openDB<TabSchema>(name, 1, {
      upgrade: (database) => STORES.forEach((store) => database.createObjectStore(store)),
      // A page of a later version is not to wait for this one.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TandemError('MISSING', `this browser keeps nothing for this page: ${reason}`, 'allow it site data');
  }
}

/** Whether this device keeps a part in a run of the server: what says more of it is loaded only then. */
export async function isPartKept(url: string): Promise<boolean> {
  if (!globalThis.isSecureContext) return false;
  // Where nothing can be kept nothing is; who takes part is told of that later.
  const database = await openTabDatabase().catch(() => undefined);
  const count = (await database?.count('parts', url)) ?? 0;
  database?.close();
  return count > 0;
}

/** Every key of a checkpoint of a part, or of one name of it. */
export function checkpointsOf(part: string, name?: string): IDBKeyRange {
  // Numbers come before strings, and strings before arrays, in the order of keys.
  return name === undefined ? IDBKeyRange.bound([part], [part, []]) : IDBKeyRange.bound([part, name], [part, name, []]);
}
