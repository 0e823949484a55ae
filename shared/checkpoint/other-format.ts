import { TandemError } from '../errors.js';

/** What a store throws where nothing of a generation can be read and some of it is of another format: going back to an older one would lose what it holds. */
export class OtherFormat {
  private found: TandemError | undefined;

  constructor(private readonly action: string) {}

  /** Whether the copy at this place is left where it is, since another version of Tandem can read it. */
  keeps(error: unknown, place: string): boolean {
    if (!(error instanceof TandemError) || error.code !== 'BAD_VERSION') return false;
    this.found ??= new TandemError('BAD_VERSION', `${place} is ${error.message}`, this.action);
    return true;
  }

  throwIfFound(): void {
    if (this.found) throw this.found;
  }
}
