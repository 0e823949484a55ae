import pico from 'picocolors';
import { foldLine } from './fold-line.js';

/** What the text of a line says already. */
const SAID = [
  'level',
  'time',
  'msg',
  'run',
  'client',
  'step',
  'code',
  'round',
  'testLoss',
  'metrics',
  'address',
  'subject',
];

/** A line of pino's for people: the time of day, the level, the text, and below it what the text does not say; no wider than a terminal. */
export function prettyLine(line: string, isColoured: boolean, width = Infinity): string {
  const { green, yellow, red, cyan } = pico.createColors(isColoured);
  const { level, time, msg, ...fields } = JSON.parse(line) as { level: number; time: number; msg?: string };
  const [name, colour] = level >= 50 ? ['ERROR', red] : level >= 40 ? ['WARN', yellow] : ['INFO', green];
  const more = Object.entries(fields)
    .filter(([field]) => !SAID.includes(field))
    .map(([field, value]) => `    ${field}: ${JSON.stringify(value)}\n`);
  const indent = `[${clock(time)}] ${name}: `.length;
  const [first = '', ...rest] = foldLine(`${' '.repeat(indent)}${msg ?? ''}`, width, indent).map((part) =>
    part.slice(indent),
  );
  const below = rest.map((part) => `${' '.repeat(indent)}${cyan(part)}\n`);
  return `[${clock(time)}] ${colour(name)}: ${cyan(first)}\n${below.join('')}${more.join('')}`;
}

function clock(time: number): string {
  const at = new Date(time);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
