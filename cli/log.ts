import { pino, type Logger, type LoggerOptions } from 'pino';
import { plainLine } from '../shared/plain-line.js';
import { prettyLine } from './pretty-line.js';

/** A line of our own is shorter. */
const MOST_CHARACTERS = 2_000;

/** Lines for people on stderr; with `json`, one JSON object a line. `write` lets a progress bar stand below the log. */
export function createLog({ json, write }: { json: boolean; write: (line: string) => void }): Logger {
  if (json) return pino(options, { write });
  // A stream that is no terminal has no `isTTY` at all.
  const isColoured = process.stderr.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return pino(options, { write: (line: string) => write(prettyLine(line, isColoured, process.stderr.columns)) });
}

/** Whatever the other side has said stands on one line, in the sentence and in what goes with it. */
const options: LoggerOptions = {
  base: null,
  hooks: {
    logMethod(given, method) {
      method.apply(this, given.map(shown) as typeof given);
    },
  },
  formatters: { log: plainFields },
  // A child's own fields go through serializers only.
  serializers: { run: shown },
};

function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(value)]));
}

function shown(value: unknown): unknown {
  return typeof value === 'string' ? plainLine(value, MOST_CHARACTERS) : value;
}
