import { asTandemError, type TandemError } from '../../shared/errors.js';
import { LaneQueue, type AmongLanes, type Intake, type Job } from './lane.js';

/** All that lanes know of their run. */
export interface Rest {
  /** Whether a pause is due, in which no lane works and no message is taken in. */
  readonly isDue: () => boolean;
  readonly take: () => Promise<void>;
  /** A job has thrown. */
  readonly failed: (error: TandemError) => void;
}

const never: Rest = {
  isDue: () => false,
  take: () => Promise.resolve(),
  failed: (error) => {
    throw error;
  },
};

/**
 * The jobs that concern all lanes, and the pauses of their queues: both wait until no lane has a job left, and no message is taken in meanwhile.
 * Lanes do their own jobs side by side.
 */
export class WorkQueue implements AmongLanes {
  rest = never;
  private readonly jobs: Job[] = [];
  private readonly intakes: Intake[] = [];
  /** Queues of lanes in which something waits. */
  private readonly waiting = new Set<LaneQueue>();
  private running = 0;
  private isBusy = false;
  private idlers: (() => void)[] = [];
  private count = 0;

  /** The queue of one more lane. */
  queue(): LaneQueue {
    return new LaneQueue(this);
  }

  /** Queues a job that is done while no lane works. */
  add(job: Job): void {
    this.jobs.push(job);
    this.stir();
  }

  /** Calls once, when no lane has a job left and every message that waited was taken in. */
  takeIn(run: () => void): void {
    this.intakes.push({ number: this.next(), run });
    this.stir();
  }

  /** Numbers a message in the order of all lanes. */
  next(): number {
    return this.count++;
  }

  /** A lane has something to do. Returns whether it may begin. */
  waits(queue: LaneQueue): boolean {
    this.waiting.add(queue);
    return !this.isBusy;
  }

  /** A lane has begun to work, or stopped. */
  began(): void {
    this.running++;
  }

  stopped(queue: LaneQueue): void {
    this.running--;
    if (queue.firstIntake === Infinity) this.waiting.delete(queue);
    this.stir();
  }

  /** Whether a lane may take in a message of this number, or has to wait. */
  mayTakeIn({ number }: Intake): boolean {
    const isFirst = (this.intakes[0]?.number ?? Infinity) > number;
    return !this.isBusy && this.jobs.length === 0 && isFirst && !this.rest.isDue();
  }

  failed(error: TandemError): void {
    this.rest.failed(error);
  }

  /** Does the jobs of all lanes, or a pause that is due, if no lane works. */
  stir(): void {
    if (this.running === 0 && !this.isBusy) void this.run();
  }

  /** Resolves when no job is left. */
  async idle(): Promise<void> {
    while (this.running > 0 || this.isBusy) await new Promise<void>((resolve) => this.idlers.push(resolve));
  }

  /** Does the jobs of all lanes while none works, and then lets them go on. */
  private async run(): Promise<void> {
    this.isBusy = true;
    for (let next = this.shift(); next; next = this.shift()) {
      try {
        await next();
      } catch (error) {
        this.failed(asTandemError(error));
      }
    }
    this.isBusy = false;
    const wake = this.idlers;
    this.idlers = [];
    for (const queue of [...this.waiting]) queue.goOn();
    wake.forEach((resolve) => resolve());
  }

  private shift(): Job | undefined {
    if (this.jobs.length > 0) return this.jobs.shift();
    if ([...this.waiting].some(({ hasJobs }) => hasJobs)) return undefined;
    if (this.rest.isDue()) return this.rest.take;
    return this.isFirst ? this.intakes.shift()?.run : undefined;
  }

  /** Whether the jobs of all lanes came before every message that waits at one. */
  private get isFirst(): boolean {
    const [next] = this.intakes;
    return next !== undefined && [...this.waiting].every((queue) => next.number < queue.firstIntake);
  }
}
