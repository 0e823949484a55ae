/** What a side still has to say as it goes, where its link is lost at that moment. */
export class LastWord {
  private waiting: { readonly say: () => void; readonly done: () => void } | undefined;

  /** Resolves once it was said, or when there is nobody left to say it to. */
  keep(say: () => void): Promise<void> {
    return new Promise((done) => (this.waiting = { say, done }));
  }

  /** There is a link again. */
  back(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.say();
    waiting?.done();
  }

  /** The session is over. */
  over(): void {
    this.waiting?.done();
    this.waiting = undefined;
  }
}
