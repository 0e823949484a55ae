import { open } from 'node:fs/promises';
import { realClock, type Clock } from '../../shared/clock.js';
import type { RunEvent } from '../../shared/events.js';
import { withFile } from '../../storage/file-trouble.js';

/** Bytes of lines that may wait for the disk. */
const MOST_WAITING = 16 * 1024 * 1024;
/** Between two tries where the file cannot be written. */
const RETRY_SECONDS = 1;

/** An append-only file. */
export interface LineFile {
  /** Returns how many of the bytes are written. */
  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }>;
  close(): Promise<void>;
}

export interface AuditLogOptions {
  readonly file: LineFile;
  readonly run: string;
  /** Told once that the file cannot be written, and once that it can again; the run goes on meanwhile. */
  readonly onTrouble: (message: string) => void;
  readonly clock?: Clock;
}

/** An append-only log of entries, refusals and departures, as JSON lines. No line holds a secret. */
export class AuditLog {
  private lines: string[] = [];
  private waitingBytes = 0;
  /** Lines for which there was no room while the file could not be written. */
  private lost = 0;
  /** What has been taken from `lines` and is not in the file yet. */
  private rest: Uint8Array = new Uint8Array();
  private isTroubled = false;
  private writing: Promise<void> | undefined;
  private cancelRetry: (() => void) | undefined;

  constructor(private readonly options: AuditLogOptions) {}

  /** Throws CANNOT_WRITE. */
  static async open(path: string, run: string, onTrouble: (message: string) => void): Promise<AuditLog> {
    const place = { path, flag: '--audit-log' };
    const file = await withFile('write', place, () => open(path, 'a', 0o600));
    return new AuditLog({ file, run, onTrouble });
  }

  readonly onEvent = (event: RunEvent): void => {
    switch (event.kind) {
      case 'access': {
        const { what, kind: _, ...facts } = event;
        if (what !== 'link-opened' && what !== 'link-closed') this.add(what, facts);
        break;
      }
      case 'client-joined':
      case 'client-left':
        this.add(
          event.kind,
          'code' in event ? { client: event.client, code: event.code, reason: event.reason } : { client: event.client },
        );
        break;
      case 'refused':
        this.add('session-refused', { client: event.client, code: event.code, reason: event.reason });
        break;
      default:
        break;
    }
  };

  /** Writes what still waits, as far as that is possible. */
  async close(): Promise<void> {
    await this.writing;
    this.retryNow();
    await this.writing;
    this.cancelRetry?.();
    await this.options.file.close();
  }

  private add(event: string, facts: object): void {
    const line = this.lineOf(event, facts);
    if (this.waitingBytes + line.length > MOST_WAITING) this.lost++;
    else {
      this.lines.push(line);
      this.waitingBytes += line.length;
    }
    if (!this.cancelRetry) this.writing ??= this.writeAll();
  }

  private lineOf(event: string, facts: object): string {
    return `${JSON.stringify({ time: new Date().toISOString(), run: this.options.run, event, ...facts })}\n`;
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.rest.length > 0 || this.lines.length > 0) {
        if (this.rest.length === 0) this.takeLines();
        // A full disk may have taken a part of a line: what follows goes on there.
        const { bytesWritten } = await this.options.file.write(this.rest);
        this.rest = this.rest.subarray(bytesWritten);
      }
      if (this.isTroubled) this.options.onTrouble('the audit log is written again');
      this.isTroubled = false;
    } catch (error) {
      const { message } = error as Error;
      if (!this.isTroubled) this.options.onTrouble(`the audit log cannot be written: ${message}; it is tried again`);
      this.isTroubled = true;
      this.cancelRetry = (this.options.clock ?? realClock).after(RETRY_SECONDS, () => this.retryNow());
    } finally {
      this.writing = undefined;
    }
  }

  private takeLines(): void {
    const { lost } = this;
    this.lost = 0;
    const gap = lost > 0 ? [this.lineOf('lines-lost', { lines: lost })] : [];
    this.rest = Buffer.from([...this.lines, ...gap].join(''));
    this.lines = [];
    this.waitingBytes = 0;
  }

  private retryNow(): void {
    if (!this.cancelRetry) return;
    this.cancelRetry();
    this.cancelRetry = undefined;
    this.writing = this.writeAll();
  }
}
