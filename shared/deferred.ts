/** A promise with its handles outside, for results that come by another way than a call. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever does not await the promise must not die of its failure.
    this.promise.catch(() => undefined);
  }
}
