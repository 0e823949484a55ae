import { Deferred } from '../shared/deferred.js';
import { TandemError } from '../shared/errors.js';
import type { JoinStep, RunOutcome } from './participate-options.js';

/** A client's part in a run, under way since it was made. */
export interface Joined extends AsyncIterable<JoinStep> {
  /** How the run went, whether steps are looped over or not. Rejects with what ended this client's part, and with CANCELLED after `leave`. */
  readonly finished: Promise<RunOutcome>;
  /** Says goodbye to the server, wherever the client is; resolves when its link is closed. */
  leave(): Promise<void>;
}

/** Takes part until the run ends or `leave` is aborted. */
export type TakePart = (leave: AbortSignal) => AsyncGenerator<JoinStep, RunOutcome>;

/**
 * A generator of steps as a handle. Without a loop over it, steps follow each other by themselves. With one, each step waits until the loop asks for it, so that a
 * loop sees all that come and can hold the training up; leaving the loop early is leaving the run.
 */
export class JoinedRun implements Joined {
  readonly finished: Promise<RunOutcome>;
  private readonly leaving = new AbortController();
  private loop: StepLoop | undefined;
  /** Once there is nothing more to loop over: the end, or why. */
  private over: Promise<undefined> | undefined;

  constructor(takePart: TakePart) {
    this.finished = this.drive(takePart(this.leaving.signal));
    const end = () => {
      this.over = this.finished.then(() => undefined);
      // Whoever does not loop hears of it from `finished`.
      this.over.catch(() => undefined);
      this.loop?.end(this.over);
    };
    this.finished.then(end, end);
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    this.loop?.letGo();
    // Whoever leaves need not know how: `finished` says it.
    await this.finished.catch(() => undefined);
  }

  [Symbol.asyncIterator](): AsyncIterator<JoinStep, undefined> {
    const loop = (this.loop ??= new StepLoop());
    return {
      next: async () => {
        const step = await (this.over ?? loop.ask());
        return step ? { done: false, value: step } : { done: true, value: undefined };
      },
      return: async () => {
        await this.leave();
        return { done: true, value: undefined };
      },
    };
  }

  private async drive(steps: AsyncGenerator<JoinStep, RunOutcome>): Promise<RunOutcome> {
    // A loop that begins where the handle is made sees the first step.
    await Promise.resolve();
    for (;;) {
      await this.loop?.whenAsked();
      const next = await steps.next();
      if (next.done) return next.value;
      this.loop?.give(next.value);
      await this.loop?.whenAsked();
      if (!this.leaving.signal.aborted) continue;
      // It stands between two steps, and says goodbye as it ends.
      await steps.return({} as never);
      throw new TandemError('CANCELLED', 'this client has left the run');
    }
  }
}

/** What a loop asks for, and is given. */
class StepLoop {
  private asking: Deferred<JoinStep | undefined> | undefined;
  private asked = new Deferred<void>();
  /** A step that came before it was asked for. */
  private kept: JoinStep | undefined;
  private isFree = false;

  ask(): Promise<JoinStep | undefined> {
    const { kept } = this;
    this.kept = undefined;
    if (kept) return Promise.resolve(kept);
    this.asking = new Deferred();
    this.asked.resolve();
    return this.asking.promise;
  }

  async whenAsked(): Promise<void> {
    if (!this.isFree) await this.asked.promise;
  }

  give(step: JoinStep): void {
    this.asked = new Deferred();
    if (this.asking) this.asking.resolve(step);
    else this.kept = step;
    this.asking = undefined;
  }

  /** Nothing more is given: whoever asks hears of the end. */
  end(over: Promise<undefined>): void {
    void over.then(
      () => this.asking?.resolve(undefined),
      (error: Error) => this.asking?.reject(error),
    );
  }

  /** Nobody is waited for any more. */
  letGo(): void {
    this.isFree = true;
    this.asked.resolve();
  }
}
