import type { TandemError } from '../../shared/errors.js';

/** What a call throws: the message, and what it says to do. */
export function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { message, action } = error as TandemError;
    return `${message}: ${action}`;
  }
  return 'nothing';
}
