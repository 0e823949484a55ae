import { describe, expect, it } from 'vitest';
import { TandemError } from '../../shared/errors.js';
import { plainLine, plainLines } from '../../shared/plain-line.js';
import { createRng } from '../../shared/rng.js';

describe("another's text as a plain line", () => {
  it.each<[string, string, string]>([
    ['words of many scripts as they are', 'Zoë 東京 naïve 👩 ∂x', 'Zoë 東京 naïve 👩 ∂x'],
    ['no line of its own', 'one\r\n12:00:00 INFO forged\ttab', 'one 12:00:00 INFO forged tab'],
    ['no line in other alphabets of ends', 'a\u2028b\u2029c\u0085d', 'a b c\\u{85}d'],
    ['no colours or titles', '\u001b[31mred\u001b]0;title\u0007', '\\u{1b}[31mred\\u{1b}]0;title\\u{7}'],
    ['no C1 escape, which needs no ESC', '\u009b2Jgone', '\\u{9b}2Jgone'],
    ['no mark of direction', 'exe.\u202etxt\u2066\u061c', 'exe.\\u{202e}txt\\u{2066}\\u{61c}'],
    ['nothing of no width', 'a\u200bb\ufeffc\u{e0041}', 'a\\u{200b}b c\\u{e0041}'],
    ['no half of a pair', 'x\ud800y', 'x\\u{d800}y'],
    ['letters with few marks', 'Vie\u0323\u0302t', 'Vie\u0323\u0302t'],
    ['no tower of marks', `a${'\u0301'.repeat(500)}b`, `a${'\u0301'.repeat(4)}b`],
    ['nothing around it', '  \n padded \u00a0', 'padded'],
  ])('%s', (_, text, expected) => {
    expect(plainLine(text)).toBe(expected);
  });

  it('is bounded, and says that there was more', () => {
    expect(plainLine('x'.repeat(200))).toBe('x'.repeat(200));
    expect(plainLine('x'.repeat(201))).toBe(`${'x'.repeat(199)}…`);
    expect([...plainLine('👩'.repeat(300), 10)]).toEqual([...'👩'.repeat(9), '…']);
    // Much of nothing is more than is read, too.
    expect(plainLine(`a${' '.repeat(10_000)}b`, 10)).toBe('a…');
    const begun = performance.now();
    plainLine('\u001b'.repeat(50_000_000));
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('shows nothing that could be taken for anything but itself, whatever comes', () => {
    const seed = process.env.TANDEM_SEED ?? '6';
    const rng = createRng('plain-line', seed);
    for (let trial = 0; trial < 2_000; trial++) {
      const length = rng.int(60);
      const text = Array.from({ length }, () => String.fromCharCode(rng.int(4) === 0 ? rng.int(256) : rng.int(65_536)));
      const plain = plainLine(text.join(''), 40);
      expect(plain, `seed ${seed}, trial ${trial}`).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect([...plain].length).toBeLessThanOrEqual(40);
    }
  });

  it('is what every error is told in', () => {
    const error = new TandemError('BAD_DATA', 'no such\u001b[2J\nfile', 'give\nanother');
    expect(error.line).toBe('no such\\u{1b}[2J file: give another (BAD_DATA)');
    expect(new TandemError('BAD_DATA', 'x'.repeat(5_000)).message).toHaveLength(1_000);
  });
});

describe('text of many lines with words of others in it', () => {
  it.each<[string, string, string]>([
    [
      'a stack whose message names a layer',
      new Error('Unknown layer: \u001b[2J\u001b]0;owned\u0007. This may be due to\n    at build (model.js:1:2)')
        .message,
      'Unknown layer: \\u{1b}[2J\\u{1b}]0;owned\\u{7}. This may be due to\n    at build (model.js:1:2)',
    ],
    ['a table with classes of another', '  cat  3\n  \u202egod\u009b31m  4', '  cat  3\n  \\u{202e}god\\u{9b}31m  4'],
    ['a line that goes back to its beginning', 'ok\rFAILED', 'ok\\u{d}FAILED'],
  ])('keeps its lines: %s', (_, text, expected) => {
    expect(plainLines(text)).toBe(expected);
  });

  it('is bounded where it may be endless', () => {
    expect(plainLines('a\n'.repeat(50_000), 8_000)).toHaveLength(8_001);
  });
});
