import { asTandemError } from '../shared/errors.js';

export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** Prints a command's result: the object with `--json`, otherwise the text. */
export function succeed(json: boolean, result: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}

/** Tells a person, or with `--json` a program, what went wrong; the process then ends with a code that is not 0. */
export function fail(error: unknown, json: boolean): void {
  const refusal = asTandemError(error);
  process.stderr.write(`tandem: ${refusal.line}\n`);
  if (refusal.code === 'INTERNAL' && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  const { code, message, action } = refusal;
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, action } })}\n`);
  process.exitCode =
    code === 'CANCELLED' ? exitCodes.interrupted : code === 'BAD_OPTION' ? exitCodes.usage : exitCodes.failure;
}

/** A signal that Ctrl-C or SIGTERM aborts; a second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}
