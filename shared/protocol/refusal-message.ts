import { isRefusalCode, TandemError } from '../errors.js';
import { textLimits } from './limits.js';
import type { Message } from './messages.js';

/** What the other side is told of an error. */
export function refusalMessage(error: TandemError): Message<'error'> {
  const { code, message, action, step = null } = error;
  return {
    type: 'error',
    code,
    message: shortened(message, textLimits.message),
    action: shortened(action, textLimits.line),
    step,
  };
}

/** What the other side says went wrong there, in its words and by our table of codes. */
export function peerError({ code, message, action, step }: Message<'error'>): TandemError {
  return new TandemError(isRefusalCode(code) ? code : 'INTERNAL', message, action, step ?? undefined);
}

/** The same from a server, which has turned this side away. */
export function refusedBy(message: Message<'error'>): TandemError {
  return peerError({ ...message, message: `the server refused: ${message.message}` });
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
