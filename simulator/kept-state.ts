import { join } from 'node:path';
import { refuseState } from '../server/run/resumable.js';
import type { RunSettings } from '../shared/config.js';
import { TandemError } from '../shared/errors.js';
import { FileStore } from '../storage/file-store.js';
import type { SimulateOptions } from './simulate.js';

/** All are in one process: who is not back after as long has been lost with a fault of its own. */
export const GRACE_SECONDS = 30;

/** Where a simulated run is written down, below one folder: the server and each client as if they were alone. */
export class KeptState {
  private constructor(
    /** For a server that opens it itself. */
    readonly serverFolder: string,
    readonly server: FileStore | undefined,
    readonly clients: readonly FileStore[],
  ) {}

  /** With `hasSite` the server opens its own. Throws CANNOT_WRITE, and BAD_OPTION where another process uses the folder. */
  static async open(folder: string, clients: number, hasSite: boolean): Promise<KeptState> {
    const opened: FileStore[] = [];
    const open = async (name: string) => {
      const store = await FileStore.open(join(folder, name));
      opened.push(store);
      return store;
    };
    try {
      const server = hasSite ? undefined : await open('server');
      for (let client = 0; client < clients; client++) await open(`client-${client}`);
      return new KeptState(join(folder, 'server'), server, server ? opened.slice(1) : opened);
    } catch (error) {
      await Promise.all(opened.map((store) => store.close()));
      throw error;
    }
  }

  async close(): Promise<void> {
    const stores = this.server ? [this.server, ...this.clients] : this.clients;
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** Throws BAD_OPTION where a simulated run cannot be written down. */
export function refuseToKeep(settings: RunSettings, { browsers = 0 }: SimulateOptions): void {
  refuseState(GRACE_SECONDS);
  const why =
    browsers > 0
      ? 'tabs keep their state in their browser, which is closed with the run'
      : settings.topology.name === 'multi-hop'
        ? 'a relay writes nothing down'
        : settings.schedule.clients === 'none'
          ? 'there are no messages to go on from'
          : undefined;
  if (why === undefined) return;
  const what = `a simulation with topology '${settings.topology.name}' and schedule '${settings.schedule.name}' cannot go on: ${why}`;
  throw new TandemError('BAD_OPTION', what, 'leave --state out');
}
