import { TandemError } from './errors.js';

/** A refusal of who may come again, and for how long to wait before that. */
export class AskedToWait extends TandemError {
  constructor(
    message: string,
    action: string | undefined,
    readonly seconds: number,
  ) {
    super('TOO_MANY', message, action);
  }
}
