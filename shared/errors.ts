import { plainLine } from './plain-line.js';
import { refusals, type Refusal, type RefusalCode } from './refusals.js';

/** Texts of an error are cut to one line of at most so many characters. */
const MOST_CHARACTERS = 1000;

/** An error a person or a peer is told about. `message` says what happened and with what value; `action`, what to do. */
export class TandemError extends Error {
  override readonly name = 'TandemError';
  readonly action: string;

  constructor(
    readonly code: RefusalCode,
    message: string,
    action: string = refusals[code].action,
    /** The numbered step that was refused, when there is one. */
    readonly step?: number,
    /** Where it is about data: the row of the data set, from 0. */
    readonly row?: number,
  ) {
    super(plainLine(message, MOST_CHARACTERS));
    this.action = plainLine(action, MOST_CHARACTERS);
  }

  get retryable(): boolean {
    return refusals[this.code].retryable;
  }

  /** The WebSocket close status, in the private range. */
  get close(): number {
    return refusals[this.code].close;
  }

  /** The one line a person reads. */
  get line(): string {
    return `${this.message}: ${this.action} (${this.code})`;
  }
}

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(refusals, code);
}

/** Any thrown thing as a TandemError; what was not foreseen becomes INTERNAL. */
export function asTandemError(error: unknown): TandemError {
  if (error instanceof TandemError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TandemError('INTERNAL', message);
}

/**
 * What the other side is told of an error here: its code and its step, and where its words may repeat values of the data that stay here, only
 * the kind of error and the row.
 */
export function forPeer({ code, message, action, step, row }: TandemError): TandemError {
  const { what, quotesData }: Refusal = refusals[code];
  const where = row === undefined ? '' : `, row ${row} of its data (from 0)`;
  return new TandemError(code, quotesData ? what + where : message, quotesData ? undefined : action, step);
}
