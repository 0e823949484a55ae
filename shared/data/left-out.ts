import { asTandemError, TandemError } from '../errors.js';

export interface LeftOutOptions {
  /** Whether what cannot be read is left out; it ends the reading otherwise. */
  readonly skips?: boolean | undefined;
  /** How a person says that it may be, where there is a way. */
  readonly advice?: string | undefined;
}

/** So many are named. */
const MOST_NAMED = 3;

/** Files that cannot be read: it leaves them out where that was asked for, and counts and names them. */
export class LeftOut {
  private readonly found = new Map<string, string>();

  constructor(private readonly options: LeftOutOptions = {}) {}

  /** What `read` returns, or undefined where it throws BAD_DATA and that may be left out; `name` is its place for people. */
  async read<T>(name: string, read: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.add(name, error);
      return undefined;
    }
  }

  /** Throws the error where nothing is to be left out, or where it is of another kind. */
  add(name: string, error: unknown): void {
    const { code, message, action } = asTandemError(error);
    if (code !== 'BAD_DATA') throw error;
    const { skips = false, advice } = this.options;
    if (!skips) throw advice === undefined ? error : new TandemError(code, message, `${action}, or ${advice}`);
    this.found.set(name, message);
  }

  has(name: string): boolean {
    return this.found.has(name);
  }

  /** A line that counts and names them, where there are some. */
  get notes(): string[] {
    const { size } = this.found;
    if (size === 0) return [];
    const named = [...this.found.values()].slice(0, MOST_NAMED);
    const subject =
      size === 1 ? '1 file cannot be read and is' : `${size.toLocaleString('en')} files cannot be read and are`;
    return [`${subject} left out${size > named.length ? ', such as' : ':'} ${named.join(', ')}`];
  }

  /** Throws BAD_DATA where nothing else has been found. */
  refuseEmpty(kept: number): void {
    const [first] = this.found.values();
    if (kept > 0 || first === undefined) return;
    throw new TandemError('BAD_DATA', `none of the files can be read: ${first}`, 'check what they are');
  }
}
