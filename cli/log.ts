import { pino, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';

/** Lines for people on stderr; with `json`, one JSON object a line. `write` lets a progress bar stand below the log. */
export function createLog({ json, write }: { json: boolean; write: (line: string) => void }): Logger {
  if (json) return pino({ base: null }, { write });
  const prettify = prettyFactory({
    colorize: process.stderr.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'run,client,step,code,round,testLoss,metrics,address,subject',
  });
  return pino({ base: null }, { write: (line: string) => write(prettify(line)) });
}
