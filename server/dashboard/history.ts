import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DashboardState } from '../../shared/dashboard/state.js';

/** Another number where a state of an older Tandem would not be understood. */
const VERSION = 3;
const FILE = 'dashboard.json';

/** A dashboard's curves in the state folder of its run, so that they survive a restart of the server. */
export class DashboardHistory {
  private writing: Promise<void> | undefined;

  constructor(private readonly folder: string) {}

  /** Undefined where there is none of this run: a run goes on without its curves rather than not at all. */
  async load(run: string): Promise<DashboardState | undefined> {
    try {
      const read = JSON.parse(await readFile(this.path, 'utf8')) as { version: number; state: DashboardState };
      return read.version === VERSION && read.state.facts.run === run ? read.state : undefined;
    } catch {
      // No file yet, or one that was cut off: the curves begin anew.
      return undefined;
    }
  }

  /** Writes it, unless the last write is still going on. A full disk is no reason to end a run. */
  save(state: DashboardState): Promise<void> {
    return (this.writing ??= this.write(state)
      // The next one is written in a few seconds.
      .catch(() => undefined)
      .finally(() => (this.writing = undefined)));
  }

  private async write(state: DashboardState): Promise<void> {
    const temporary = `${this.path}.tmp`;
    await writeFile(temporary, JSON.stringify({ version: VERSION, state }));
    await rename(temporary, this.path);
  }

  private get path(): string {
    return join(this.folder, FILE);
  }
}
