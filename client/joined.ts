import { Deferred } from '../shared/deferred.js';
import { TandemError } from '../shared/errors.js';
import type { JoinStep, RunOutcome } from './participate-options.js';

/** A client that takes part in a run; it is under way already. */
export interface Joined extends AsyncIterable<JoinStep> {
  /** The outcome of the run, whether steps are looped over or not. Rejects with the error that ended this client's part, and with CANCELLED after `leave`. */
  readonly finished: Promise<RunOutcome>;
  /** Leaves the run; resolves when the link is closed. */
  leave(): Promise<void>;
}

/** Takes part until the run ends or `leave` is aborted. */
export type TakePart = (leave: AbortSignal) => AsyncGenerator<JoinStep, RunOutcome>;

/**
 * A handle on a generator of steps. Without a loop over it, the client trains by itself. With one, each step waits until the loop asks for it, so that the
 * loop sees every step and sets the pace; leaving the loop early leaves the run.
 */
export class JoinedRun implements Joined {
  readonly finished: Promise<RunOutcome>;
  private readonly leaving = new AbortController();
  private loop: StepLoop | undefined;
  /** Set at the end of the run: resolves, or rejects with the reason. */
  private over: Promise<undefined> | undefined;

  constructor(takePart: TakePart) {
    this.finished = this.drive(takePart(this.leaving.signal));
    const end = () => {
      this.over = this.finished.then(() => undefined);
      // Without a loop, `finished` has the error.
      this.over.catch(() => undefined);
      this.loop?.end(this.over);
    };
    this.finished.then(end, end);
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    this.loop?.letGo();
    // The error is in `finished`.
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
      // The generator stands between two steps; returning it leaves the run.
      await steps.return({} as never);
      throw new TandemError('CANCELLED', 'this client has left the run');
    }
  }
}

/** Hands steps to a loop that asks for them. */
class StepLoop {
  private asking: Deferred<JoinStep | undefined> | undefined;
  private asked = new Deferred<void>();
  /** A step that was given before the loop asked for it. */
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

  /** No more steps will be given: asking resolves with the end. */
  end(over: Promise<undefined>): void {
    void over.then(
      () => this.asking?.resolve(undefined),
      (error: Error) => this.asking?.reject(error),
    );
  }

  /** Lets steps go on without being asked for. */
  letGo(): void {
    this.isFree = true;
    this.asked.resolve();
  }
}
