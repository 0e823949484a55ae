import type { TandemError } from '../errors.js';

/** A queue of received items for one reader. */
export class Inbox<T> {
  private readonly waiting: { readonly item: T; readonly bytes: number }[] = [];
  private bytes = 0;
  private end: { readonly error: TandemError | undefined } | undefined;
  private wake: () => void = () => undefined;
  private shrunk: () => void = () => undefined;

  get ended(): boolean {
    return this.end !== undefined;
  }

  get size(): number {
    return this.waiting.length;
  }

  get first(): T | undefined {
    return this.waiting[0]?.item;
  }

  /** `bytes` is the item's size, for `room`. */
  put(item: T, bytes: number): void {
    if (this.end) return;
    this.waiting.push({ item, bytes });
    this.bytes += bytes;
    this.wake();
  }

  take(): T | undefined {
    const { item, bytes = 0 } = this.waiting.shift() ?? {};
    this.bytes -= bytes;
    this.shrunk();
    return item;
  }

  /** Undefined while no more than that waits; else resolves when that is so, or at the end. A single message is never too much. */
  room(mostItems: number, mostBytes: number): Promise<void> | undefined {
    const isFull = () => this.waiting.length > mostItems || (this.waiting.length > 1 && this.bytes > mostBytes);
    if (this.end || !isFull()) return undefined;
    return new Promise((resolve) => {
      this.shrunk = () => {
        if (this.end || !isFull()) resolve();
      };
    });
  }

  /** Takes no further items; those already here can still be taken. */
  close(error?: TandemError): void {
    this.end ??= { error };
    this.wake();
    this.shrunk();
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
