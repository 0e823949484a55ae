import { markdownTable } from '../markdown.js';
import type { CurvePoint } from './measure.js';
import type { Family } from './ways.js';

const WIDTH = 760;
const HEIGHT = 420;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 20, 20, 56];
const colours: Readonly<Record<Family, string>> = {
  split: '#3567b5',
  'sent once': '#b5651d',
  fedavg: '#2f8f5b',
  'bottom and head alone': '#8a4fa3',
};
/** Accuracy below this is drawn at the bottom. */
const LOWEST = 0.96;

/** Accuracy against megabytes, on a logarithmic scale. */
export function curvePicture(points: readonly CurvePoint[]): string {
  const sizes = points.map(({ bytes }) => bytes / 1e6);
  const [first, last] = [Math.floor(Math.log10(Math.min(...sizes))), Math.ceil(Math.log10(Math.max(...sizes)))];
  const highest = Math.ceil(Math.max(...points.map(({ score }) => score)) * 200) / 200;
  const x = (megabytes: number) => LEFT + ((Math.log10(megabytes) - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (accuracy: number) =>
    TOP + ((highest - Math.max(accuracy, LOWEST)) / (highest - LOWEST)) * (HEIGHT - TOP - BOTTOM);
  const powers = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  const heights = Array.from({ length: Math.round((highest - LOWEST) / 0.005) + 1 }, (_, i) => LOWEST + 0.005 * i);
  const lines = [
    ...powers.map((at) => line(x(at), TOP, x(at), HEIGHT - BOTTOM)),
    ...powers.map((at) => text(x(at), HEIGHT - BOTTOM + 18, `${at} MB`, 'middle')),
    ...heights.map((at) => line(LEFT, y(at), WIDTH - RIGHT, y(at))),
    ...heights.map((at) => text(LEFT - 6, y(at) + 4, `${(100 * at).toFixed(1)} %`, 'end')),
  ];
  const marks = points.map(
    ({ family, name, score, bytes }) =>
      `<circle cx="${x(bytes / 1e6).toFixed(1)}" cy="${y(score).toFixed(1)}" r="5" fill="${colours[family]}"><title>${family}, ${name}: ${(100 * score).toFixed(2)} %, ${(bytes / 1e6).toFixed(2)} MB</title></circle>`,
  );
  const names = Object.entries(colours).map(
    ([family, colour], i) =>
      `<circle cx="${LEFT + 6 + 170 * i}" cy="${HEIGHT - 14}" r="5" fill="${colour}"/>` +
      text(LEFT + 16 + 170 * i, HEIGHT - 10, family, 'start'),
  );
  const body = [...lines, ...marks, ...names].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#666">\n<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>\n${body}\n</svg>\n`;
}

/** How much smaller is against the first way. */
export function curveTable(points: readonly CurvePoint[], metric: string): string {
  const whole = points[0]?.bytes ?? NaN;
  const rows = points.map(({ family, name, score, bytes, evaluationBytes }) => [
    `${family}: ${name}`,
    `${(100 * score).toFixed(2)} %`,
    `${(bytes / 1e6).toFixed(2)} MB`,
    `${(whole / bytes).toFixed(1)} x`,
    `${(evaluationBytes / 1e6).toFixed(2)} MB`,
  ]);
  return markdownTable([['way', metric, 'training', 'smaller', 'tests'], ...rows]);
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" stroke="#ddd"/>`;
}

function text(x: number, y: number, words: string, anchor: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;
}
