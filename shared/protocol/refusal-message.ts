import type { TandemError } from '../errors.js';
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

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
