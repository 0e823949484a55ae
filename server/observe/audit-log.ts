import { createWriteStream, type WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { RunEvent } from '../../shared/events.js';
import { plainJson } from '../../shared/plain-line.js';
import { withFile } from '../../storage/file-trouble.js';

/** Lines that may wait for the disk. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** Who came in, who was refused and who left, as JSON lines that are only ever added to. No line holds a secret. */
export class AuditLog {
  private failed = false;

  private constructor(
    private readonly stream: WriteStream,
    private readonly run: string,
    private readonly onFailure: (message: string) => void,
  ) {
    stream.on('error', ({ message }) => {
      if (!this.failed) this.onFailure(`the audit log cannot be written: ${message}`);
      this.failed = true;
    });
  }

  /** `onFailure` hears once when the file cannot be written any more; the run goes on. Throws CANNOT_WRITE. */
  static async open(file: string, run: string, onFailure: (message: string) => void): Promise<AuditLog> {
    const place = { path: file, flag: '--audit-log' };
    await withFile('write', place, async () => (await open(file, 'a', 0o600)).close());
    return new AuditLog(createWriteStream(file, { flags: 'a', mode: 0o600 }), run, onFailure);
  }

  readonly onEvent = (event: RunEvent): void => {
    switch (event.kind) {
      case 'access': {
        const { what, kind: _, ...facts } = event;
        if (what !== 'link-opened' && what !== 'link-closed') this.write(what, facts);
        break;
      }
      case 'client-joined':
      case 'client-left':
        this.write(
          event.kind,
          'code' in event ? { client: event.client, code: event.code, reason: event.reason } : { client: event.client },
        );
        break;
      case 'refused':
        this.write('session-refused', { client: event.client, code: event.code, reason: event.reason });
        break;
      default:
        break;
    }
  };

  close(): Promise<void> {
    return new Promise((resolve) => (this.failed ? resolve() : this.stream.end(() => resolve())));
  }

  private write(event: string, facts: object): void {
    if (this.failed) return;
    if (this.stream.writableLength > MAX_WAITING_BYTES) {
      this.stream.destroy(new Error('the disk does not keep up'));
      return;
    }
    this.stream.write(`${plainJson({ time: new Date().toISOString(), run: this.run, event, ...facts })}\n`);
  }
}
