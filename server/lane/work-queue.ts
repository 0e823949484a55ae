import { asTandemError, type TandemError } from '../../shared/errors.js';
import { LaneQueue, type AmongLanes, type Intake, type Job } from './lane.js';

/** What lanes are told of the run: all they know of it. */
export interface Rest {
  /** Whether it is time for a pause in which no lane works and nothing is taken in. */
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
 * What is for all lanes, and the pauses between their queues: both wait until no lane has a job left; meanwhile nothing is taken in. Lanes do
 * their own jobs side by side.
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

  /** One more lane's. */
  queue(): LaneQueue {
    return new LaneQueue(this);
  }

  /** A job while no lane works. */
  add(job: Job): void {
    this.jobs.push(job);
    this.stir();
  }

  /** Calls once, when no lane has a job and all that waited before was taken in. */
  takeIn(run: () => void): void {
    this.intakes.push({ number: this.next(), run });
    this.stir();
  }

  /** Where an intake stands among those of all lanes. */
  next(): number {
    return this.count++;
  }

  /** Something waits at a lane. Returns whether it may begin. */
  waits(queue: LaneQueue): boolean {
    this.waiting.add(queue);
    return !this.isBusy;
  }

  /** A lane begins, or has stopped where it had nothing left to do or had to. */
  began(): void {
    this.running++;
  }

  stopped(queue: LaneQueue): void {
    this.running--;
    if (queue.firstIntake === Infinity) this.waiting.delete(queue);
    this.stir();
  }

  /** Whether a lane may take that in, or has to stop. */
  mayTakeIn({ number }: Intake): boolean {
    const isFirst = (this.intakes[0]?.number ?? Infinity) > number;
    return !this.isBusy && this.jobs.length === 0 && isFirst && !this.rest.isDue();
  }

  failed(error: TandemError): void {
    this.rest.failed(error);
  }

  /** Looks whether it is time for a pause. */
  stir(): void {
    if (this.running === 0 && !this.isBusy) void this.run();
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.running > 0 || this.isBusy) await new Promise<void>((resolve) => this.idlers.push(resolve));
  }

  /** Does what waits for all lanes, while none works, and then lets them go on. */
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

  /** Whether what waits for all lanes came before all that waits for one. */
  private get isFirst(): boolean {
    const [next] = this.intakes;
    return next !== undefined && [...this.waiting].every((queue) => next.number < queue.firstIntake);
  }
}
