import { describe, expect, it } from 'vitest';
import { createLog } from '../../cli/log.js';
import { plainJson } from '../../shared/plain-line.js';

const ESCAPE = '\u001b';
const HOSTILE = [
  `mnist${ESCAPE}[2J${ESCAPE}]0;owned\u0007\n[12:00:00] INFO: the run has finished`,
  'exe.\u202etxt\u2066\u009b31m\u2028forged',
];
const OBEYED = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

function lines(json: boolean, write: (log: ReturnType<typeof createLog>) => void): string[] {
  const written: string[] = [];
  write(createLog({ json, write: (line) => written.push(line) }));
  return written;
}

describe("another's text in a log", () => {
  it.each(HOSTILE)('stays on its line and moves no cursor: %j', (text) => {
    const shown = lines(false, (log) => {
      log.info(`relaying '${text}' at ws://127.0.0.1:8080`);
      log.warn({ client: 3 }, text);
      log.child({ run: text }).error({ subject: text }, 'a revoked link is cut');
    });
    expect(shown).toHaveLength(3);
    // Colours are the log's own, and only on a terminal.
    for (const line of shown) expect(line.replace(/\n$/, '')).not.toMatch(OBEYED);
  });

  it.each(HOSTILE)('as JSON is one object a line: %j', (text) => {
    const shown = lines(true, (log) => log.child({ run: text }).info({ subject: text, round: 7 }, text));
    expect(shown).toHaveLength(1);
    expect(shown[0]?.replace(/\n$/, '')).not.toMatch(OBEYED);
    expect(JSON.parse(shown[0] ?? '')).toMatchObject({ round: 7 });
  });

  it('is shown in lists and objects that go along, too', () => {
    const [line = ''] = lines(true, (log) => log.info({ metrics: { accuracy: 0.25 } }, 'after round 3'));
    expect(JSON.parse(line)).toMatchObject({ metrics: { accuracy: 0.25 }, msg: 'after round 3' });
  });

  it.each(HOSTILE)('in a result for programs is escaped, and read as it was: %j', (text) => {
    const json = plainJson({ run: text, steps: 17 });
    expect(json).not.toMatch(OBEYED);
    expect(JSON.parse(json)).toEqual({ run: text, steps: 17 });
    expect(JSON.parse(plainJson('\u{e0041} 👩 東京'))).toBe('\u{e0041} 👩 東京');
  });
});
