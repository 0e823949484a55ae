import { describe, expect, it } from 'vitest';
import { drawSvg, momentsOf } from '../../bench/render-terminal.js';
import { TerminalScreen } from '../../bench/terminal-screen.js';

const shown = (screen: TerminalScreen) => screen.text.map((line) => line.map(({ char }) => char).join(''));

describe('the picture of a run', () => {
  it('shows what a terminal would after lines are drawn over', () => {
    const screen = new TerminalScreen(12);
    screen.write(
      'first\r\n\u001b[?25lbar 10\r\nbar 20\u001b[0K\u001b[1A\u001b[1Gnew\u001b[0K\r\n\u001b[2K\u001b[1Gend',
    );
    expect(shown(screen)).toEqual(['first', 'new', 'end']);
  });

  it('wraps long lines where the terminal does, and cuts them where it was told not to', () => {
    const screen = new TerminalScreen(4);
    screen.write('abcdef\r\n\u001b[?7labcdef\r\nend');
    expect(shown(screen)).toEqual(['abcd', 'ef', 'abcd', 'end']);
  });

  it('keeps colours and escapes what SVG would read', () => {
    const screen = new TerminalScreen(12);
    screen.write('\u001b[32mok\u001b[39m a<b');
    const svg = drawSvg([screen.text]);
    expect(svg).toMatch(/fill="#a3be8c">ok</);
    expect(svg).toContain('\u00a0a&lt;b');
  });

  it('takes moments by the time of the recording, and the end', () => {
    const moments = momentsOf('Script started\na\r\nb\r\nc\r\nScript done\n', '1.0 3\n1.0 3\n1.0 3\n', 2);
    expect(moments.map((screen) => screen.filter((line) => line.length > 0).length)).toEqual([1, 2, 3]);
  });

  it('refuses an escape code it does not know rather than draw something else', () => {
    expect(() => {
      new TerminalScreen(12).write('\u001b[5X');
    }).toThrow('not known');
  });
});
