import { asTandemError, type TandemError } from '../../shared/errors.js';

/**
 * One thing at a time: jobs are done in order, each to its end. What comes in from clients is taken in only when no job is left, so that
 * between two of them the state of a run is whole.
 */
export class WorkQueue {
  private readonly jobs: (() => Promise<void>)[] = [];
  private readonly intakes: (() => void)[] = [];
  private busy = false;
  private running: Promise<void> = Promise.resolve();

  /** `rested` is called whenever no job is left, before anything else is taken in. */
  constructor(private readonly rested: () => Promise<void> | undefined = () => undefined) {}

  /** What fails is told to `failed` and keeps nothing else from being done. */
  add(job: () => Promise<void>, failed: (error: TandemError) => void): void {
    this.jobs.push(() => job().catch((error: unknown) => failed(asTandemError(error))));
    this.start();
  }

  /** Calls once, when no job is left; resolves afterwards, and throws what the call throws. */
  takeIn(intake: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.intakes.push(() => {
        try {
          intake();
          resolve();
        } catch (error) {
          reject(asTandemError(error));
        }
      });
      this.start();
    });
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.busy) await this.running;
  }

  private start(): void {
    if (this.busy) return;
    this.busy = true;
    this.running = this.run();
  }

  private async run(): Promise<void> {
    for (;;) {
      const job = this.jobs.shift();
      if (job) {
        await job();
        continue;
      }
      await this.rested();
      if (this.jobs.length > 0) continue;
      const intake = this.intakes.shift();
      if (!intake) break;
      intake();
    }
    // At once, so that nothing is added to a queue that has just stopped.
    this.busy = false;
  }
}
