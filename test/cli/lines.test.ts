import { describe, expect, it } from 'vitest';
import { prettyLine } from '../../cli/pretty-line.js';
import { asksForVersion, versionText } from '../../cli/version-text.js';

const noon = new Date(2026, 4, 7, 12, 3, 9).getTime();
const line = (fields: object) => `${JSON.stringify({ level: 30, time: noon, ...fields })}\n`;

describe('a line of the log', () => {
  it('has the time, the level, the text, and what the text does not say', () => {
    expect(prettyLine(line({ msg: 'step 3/9', step: 3 }), false)).toBe('[12:03:09] INFO: step 3/9\n');
    expect(prettyLine(line({ level: 40, msg: 'rows', rows: 5, of: { a: [1] } }), false)).toBe(
      '[12:03:09] WARN: rows\n    rows: 5\n    of: {"a":[1]}\n',
    );
    expect(prettyLine(line({ level: 50 }), false)).toBe('[12:03:09] ERROR: \n');
  });

  it('is coloured on a terminal', () => {
    expect(prettyLine(line({ msg: 'xy' }), true)).toBe('[12:03:09] \u001b[32mINFO\u001b[39m: \u001b[36mxy\u001b[39m\n');
  });
});

describe('tandem --version', () => {
  it('is the version, and below it what computes here', async () => {
    expect(await versionText()).toMatch(/^\d+\.\d+\.\d+\ncomputes with onnx \(native\) on \w+-\w+\n$/);
  });

  it('is meant only where nothing else is asked', () => {
    expect([['--version'], ['-V'], ['join', '-V'], []].map(asksForVersion)).toEqual([true, true, false, false]);
  });
});
