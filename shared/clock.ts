/** Time, as far as a run needs it: tests pass one that they move by hand. */
export interface Clock {
  /** Calls back once after so many seconds, unless the function it returns is called before. */
  after(seconds: number, callback: () => void): () => void;
}

export const realClock: Clock = {
  after(seconds, callback) {
    const timer = setTimeout(callback, seconds * 1000);
    return () => clearTimeout(timer);
  },
};
