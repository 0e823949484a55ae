import type { TandemError } from '../errors.js';

/** What waits for one reader. */
export class Inbox<T> {
  private readonly waiting: T[] = [];
  private end: { readonly error: TandemError | undefined } | undefined;
  private wake: () => void = () => undefined;

  get ended(): boolean {
    return this.end !== undefined;
  }

  get size(): number {
    return this.waiting.length;
  }

  get first(): T | undefined {
    return this.waiting[0];
  }

  put(item: T): void {
    if (this.end) return;
    this.waiting.push(item);
    this.wake();
  }

  take(): T | undefined {
    return this.waiting.shift();
  }

  /** What was put before can still be taken. */
  close(error?: TandemError): void {
    this.end ??= { error };
    this.wake();
  }

  /** Throws what it was closed with. */
  throwIfBroken(): void {
    if (this.end?.error) throw this.end.error;
  }

  /** Resolves when something is put, when it is closed, or when the reader is to look again. */
  stirred(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  stir(): void {
    this.wake();
  }
}
