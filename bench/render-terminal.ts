import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { TerminalScreen, type Cell, type Line } from './terminal-screen.js';

/**
 * Draws a recorded terminal session as an SVG that plays: some moments of the run, then its last screen, which is also
 * what shows where nothing moves. The picture in the README was made with
 *
 *     script --quiet --log-out run.out --log-timing run.time --command 'stty cols 110 rows 50; npm start'
 *     node dist/bench/render-terminal.js run.out run.time docs/assets/run.svg
 */
const COLUMNS = 110;
const MOMENTS = 10;
const SECONDS_A_MOMENT = 0.9;
const CELL = { width: 8.4, height: 17 } as const;
const MARGIN = 14;
/** Characters that fill a part of their cell, as top and height: drawn as such, since letters of a font leave gaps. */
const BLOCKS: Readonly<Record<string, readonly [number, number]>> = { '█': [0, 1], '▀': [0, 0.5], '▄': [0.5, 0.5] };
const INK = '#d8dee9';
const COLOURS = ['#3b4252', '#bf616a', '#a3be8c', '#ebcb8b', '#81a1c1', '#b48ead', '#88c0d0', '#e5e9f0'];

/** Screens at evenly spaced times of a recording, the last one last. */
export function momentsOf(output: string, timing: string, moments = MOMENTS): Line[][] {
  // The first and the last line are from `script` itself and are not in the timing.
  const bytes = Buffer.from(output.slice(output.indexOf('\n') + 1));
  const chunks = timing.trim().split('\n').map(readChunk);
  const seconds = chunks.reduce((sum, chunk) => sum + chunk.delay, 0);
  const decoder = new TextDecoder();
  const screen = new TerminalScreen(COLUMNS);
  const screens: Line[][] = [];
  let now = 0;
  let at = 0;
  for (const { delay, length } of chunks) {
    now += delay;
    while (screens.length < moments && now > ((screens.length + 1) * seconds) / (moments + 1)) {
      screens.push([...screen.text]);
    }
    screen.write(decoder.decode(bytes.subarray(at, (at += length)), { stream: true }));
  }
  return [...screens, [...screen.text]];
}

export function drawSvg(screens: readonly (readonly Line[])[]): string {
  const drawn = screens.map((screen) => screen.map(drawLine).join(''));
  const rows = Math.max(...screens.map((screen) => screen.length));
  const columns = Math.max(...screens.flat().map((line) => line.length));
  const [width, height] = [columns * CELL.width + 2 * MARGIN, rows * CELL.height + 2 * MARGIN];
  const last = drawn.length - 1;
  const frames = drawn.map((content, i) =>
    i === last
      ? `<g class="last">${content}</g>`
      : `<g opacity="0" style="animation:on ${SECONDS_A_MOMENT}s ${(i * SECONDS_A_MOMENT).toFixed(1)}s">${content}</g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" font-size="14"`,
    ` font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" fill="${INK}">`,
    `<style>@keyframes on{from,to{opacity:1}}@keyframes off{from,to{opacity:0}}`,
    `.last{animation:off ${(last * SECONDS_A_MOMENT).toFixed(1)}s}`,
    `@media (prefers-reduced-motion:reduce){g{animation:none!important}}</style>`,
    `<rect width="100%" height="100%" rx="8" fill="#20242c"/>`,
    ...frames,
    '</svg>\n',
  ].join('\n');
}

/** One text element for each run of cells that look alike, held to its place in any font. */
function drawLine(line: Line, row: number): string {
  let drawn = '';
  for (let start = 0; start < line.length;) {
    const { colour, bold, char } = line[start] ?? { colour: null, bold: false, char: ' ' };
    const block = BLOCKS[char];
    let end = start;
    const isAlike = (cell: Cell | undefined) =>
      cell?.colour === colour && cell.bold === bold && (block ? cell.char === char : !BLOCKS[cell.char]);
    while (end < line.length && isAlike(line[end])) end++;
    const cells = line.slice(start, end).map((cell) => cell.char);
    const [x, width] = [(MARGIN + start * CELL.width).toFixed(1), (cells.length * CELL.width).toFixed(1)];
    const fill = colour === null ? '' : ` fill="${COLOURS[colour]}"`;
    if (block) {
      const [top, height] = block;
      const y = (MARGIN + (row + top) * CELL.height).toFixed(1);
      drawn += `<rect x="${x}" y="${y}" width="${width}" height="${height * CELL.height}"${fill} shape-rendering="crispEdges"/>`;
    } else if (cells.some((each) => each !== ' ')) {
      const place = `x="${x}" y="${(MARGIN + (row + 0.8) * CELL.height).toFixed(1)}"`;
      const size = `textLength="${width}" lengthAdjust="spacingAndGlyphs"`;
      drawn += `<text ${place} ${size}${fill}${bold ? ' font-weight="bold"' : ''}>${escape(cells.join(''))}</text>`;
    }
    start = end;
  }
  return drawn;
}

function readChunk(line: string): { delay: number; length: number } {
  const [delay = 0, length = 0] = line.split(' ').map(Number);
  return { delay, length };
}

function escape(text: string): string {
  // Spaces that renderers may not collapse.
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(' ', '\u00a0');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [output = '', timing = '', picture = ''] = process.argv.slice(2);
  const screens = momentsOf(await readFile(output, 'utf8'), await readFile(timing, 'utf8'));
  await writeFile(picture, drawSvg(screens));
}
