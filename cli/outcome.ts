import { linkLine, type LinkNews } from '../client/link-news.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { plainJson, plainLines } from '../shared/plain-line.js';
import { refusals, type Refusal, type RefusalCode } from '../shared/refusals.js';
import type { LostClient } from '../shared/events.js';
import { endBy, interruptedBy } from './signals.js';

/** What broke down may have the other side's words in it, as many as it likes. */
const MOST_OF_A_STACK = 8_000;

export const exitCodes = { success: 0, failure: 1, usage: 2 } as const;

/**
 * Prints a command's result: the object with `--json`, otherwise the text. Where something of it could not be kept, the result is
 * printed all the same, with the reason, and the command has failed.
 */
export function succeed(json: boolean, result: object, text: string, trouble?: TandemError): void {
  const whole = trouble ? { ...result, error: asJson(trouble) } : result;
  process.stdout.write(`${json ? plainJson(whole) : plainLines(text)}\n`);
  if (trouble) end(trouble);
}

/** Tells a person, or with `--json` a program, what went wrong; the process then ends with a code that is not 0. */
export function fail(error: unknown, json: boolean): void {
  const refusal = asTandemError(error);
  if (json) process.stdout.write(`${plainJson({ error: asJson(refusal) })}\n`);
  end(refusal);
  if (refusal.code === 'INTERNAL' && error instanceof Error)
    process.stderr.write(`${plainLines(error.stack ?? '', MOST_OF_A_STACK)}\n`);
}

/** Tells a person why a command waits. */
export function tellOfLink(news: LinkNews): void {
  process.stderr.write(`tandem: ${linkLine(news)}\n`);
}

/** What a command ends with that fails with an error of this code. */
export function exitCodeOf(code: RefusalCode): number {
  const { exit = exitCodes.failure }: Refusal = refusals[code];
  return exit;
}

/** At the end of a run, after its results: whom it has lost for an error. With `strict` the command then fails. */
export function tellLost(lost: readonly LostClient[], strict: boolean): void {
  for (const { client, code, message, step } of lost) {
    process.stderr.write(`tandem: the run lost client ${client} after ${step} of its steps: ${message} (${code})\n`);
  }
  if (strict && lost.length > 0) {
    const what = `${lost.length} client${lost.length === 1 ? ' was' : 's were'} lost, and --strict asks for all`;
    fail(new TandemError('CLIENT_LOST', what), false);
  }
}

/** Does what may fail without costing the result; returns why it did. */
export async function attempt(job: () => Promise<unknown>): Promise<TandemError | undefined> {
  try {
    await job();
    return undefined;
  } catch (error) {
    return asTandemError(error);
  }
}

/** For what goes wrong where no command is at work. */
export function isJsonAsked(): boolean {
  return process.argv.includes('--json');
}

function end(refusal: TandemError): void {
  process.stderr.write(`tandem: ${refusal.line}\n`);
  if (refusal.code === 'CANCELLED') endBy(interruptedBy());
  else process.exitCode = exitCodeOf(refusal.code);
}

function asJson({ code, message, action }: TandemError) {
  return { code, message, action };
}
