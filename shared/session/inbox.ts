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

  put(item: T): void {
    if (this.end) return;
    this.waiting.push(item);
    this.wake();
  }

  /** What was put before is still read. */
  close(error?: TandemError): void {
    this.end ??= { error };
    this.wake();
  }

  async *items(): AsyncGenerator<T, void> {
    for (;;) {
      const item = this.waiting.shift();
      if (item !== undefined) yield item;
      else if (this.end?.error) throw this.end.error;
      else if (this.end) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
