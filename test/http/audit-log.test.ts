import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditLog, type LineFile } from '../../server/observe/audit-log.js';
import { HandClock } from '../helpers/hand-clock.js';

/** A disk with room for so many more bytes. */
class Disk implements LineFile {
  text = '';

  constructor(public room: number) {}

  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }> {
    if (this.room === 0) return Promise.reject(new Error('ENOSPC: no space left on device'));
    const taken = bytes.subarray(0, this.room);
    this.text += Buffer.from(taken).toString();
    this.room -= taken.length;
    return Promise.resolve({ bytesWritten: taken.length });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get lines(): { event: string; client?: number; lines?: number }[] {
    return this.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
  }
}

function logOn(disk: Disk) {
  const [said, clock]: [string[], HandClock] = [[], new HandClock()];
  const log = new AuditLog({ file: disk, run: 'r7', onTrouble: (text) => void said.push(text), clock });
  const left = (client: number) => log.onEvent({ kind: 'client-left', client, code: null, reason: 'it said goodbye' });
  return { said, clock, log, left };
}

const turns = () => new Promise((resolve) => setTimeout(resolve));

describe('the audit log', () => {
  it.each([0, 31])('is tried again on a full disk, and then has every line once (room for %i bytes)', async (room) => {
    const disk = new Disk(room);
    const { said, clock, log, left } = logOn(disk);
    for (const client of [3, 5]) {
      left(client);
      await turns();
      expect(clock.pass()).toBe(true);
      await turns();
    }
    expect(said).toEqual(['the audit log cannot be written: ENOSPC: no space left on device; it is tried again']);
    disk.room = Infinity;
    clock.pass();
    await turns();
    expect(said[1]).toBe('the audit log is written again');
    left(8);
    await log.close();
    expect(disk.lines.map(({ client }) => client)).toEqual([3, 5, 8]);
  });

  it('says how many lines there was no room for', async () => {
    const disk = new Disk(0);
    const { clock, log } = logOn(disk);
    const reason = 'x'.repeat(1_000_000);
    for (let client = 0; client < 20; client++) log.onEvent({ kind: 'refused', client, code: 'BAD_VALUE', reason });
    await turns();
    disk.room = Infinity;
    clock.pass();
    await log.close();
    const last = disk.lines.at(-1);
    expect(last?.event).toBe('lines-lost');
    expect(disk.lines.length - 1 + (last?.lines ?? 0)).toBe(20);
    expect(last?.lines).toBeGreaterThan(2);
  });

  it('writes what still waits when it is closed, to a file too', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'tandem-audit-')), 'audit.jsonl');
    for (const run of ['first', 'second']) {
      const log = await AuditLog.open(file, run, () => undefined);
      log.onEvent({ kind: 'client-left', client: 4, code: 'LINK_LOST', reason: 'gone' });
      await log.close();
    }
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { run: string }).run)).toEqual(['first', 'second']);
  });
});
