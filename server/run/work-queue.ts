import { asTandemError, type TandemError } from '../../shared/errors.js';

type Job = () => Promise<void>;

/** A pause in which no lane works and nothing is taken in. */
export interface Rest {
  /** Whether it is time for one. */
  readonly isDue: () => boolean;
  readonly take: () => Promise<void>;
}

/** What waits for one lane, or for all. */
interface Queue {
  readonly jobs: Job[];
  readonly intakes: { readonly number: number; readonly run: () => void }[];
  isRunning: boolean;
}

const never: Rest = { isDue: () => false, take: () => Promise.resolve() };

/**
 * One queue a lane: its jobs are done in order, each to its end, while other lanes do theirs. What comes in from a lane's clients is taken in only
 * when the lane has no job left. What is for all lanes, and a rest, waits until none has a job left; meanwhile nothing is taken in.
 */
export class WorkQueue {
  private readonly lanes = new Map<number, Queue>();
  private readonly whole = newQueue();
  /** Queues of lanes in which something waits. */
  private readonly waiting = new Set<Queue>();
  private running = 0;
  private idlers: (() => void)[] = [];
  private count = 0;

  constructor(private readonly rest: Rest = never) {}

  /** A job of one lane; `null` is for a job on all lanes. What fails is told to `failed` and keeps nothing else from being done. */
  add(lane: number | null, job: Job, failed: (error: TandemError) => void): void {
    this.queueOf(lane).jobs.push(() => job().catch((error: unknown) => failed(asTandemError(error))));
    this.stir(lane);
  }

  /**
   * Calls once, when the lane has no job left; `null`: when no lane has one and all that waited before was taken in. Resolves afterwards, and
   * throws what the call throws.
   */
  takeIn(lane: number | null, intake: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          intake();
          resolve();
        } catch (error) {
          reject(asTandemError(error));
        }
      };
      this.queueOf(lane).intakes.push({ number: this.count++, run });
      this.stir(lane);
    });
  }

  /** Looks whether it is time for a rest. */
  stir(lane: number | null = null): void {
    const queue = this.queueOf(lane);
    if (lane !== null) this.waiting.add(queue);
    if (this.whole.isRunning) return;
    if (lane !== null && !queue.isRunning) void this.run(queue);
    if (this.running === 0) void this.runWhole();
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.running > 0 || this.whole.isRunning) await new Promise<void>((resolve) => this.idlers.push(resolve));
  }

  /** Does what waits for one lane. */
  private async run(queue: Queue): Promise<void> {
    queue.isRunning = true;
    this.running++;
    for (;;) {
      const job = queue.jobs.shift();
      if (job) await job();
      else if (this.isHalted(queue)) break;
      else queue.intakes.shift()?.run();
    }
    queue.isRunning = false;
    this.running--;
    if (queue.intakes.length === 0) this.waiting.delete(queue);
    if (this.running === 0) void this.runWhole();
  }

  /** Does what waits for all lanes, while none works, and then lets them go on. */
  private async runWhole(): Promise<void> {
    const { whole } = this;
    if (whole.isRunning) return;
    whole.isRunning = true;
    for (;;) {
      const job = whole.jobs.shift();
      if (job) await job();
      else if ([...this.waiting].some(({ jobs }) => jobs.length > 0)) break;
      else if (this.rest.isDue()) await this.rest.take();
      else if (this.isFirst(whole)) whole.intakes.shift()?.run();
      else break;
    }
    whole.isRunning = false;
    const wake = this.idlers;
    this.idlers = [];
    for (const queue of [...this.waiting]) if (!queue.isRunning) void this.run(queue);
    wake.forEach((resolve) => resolve());
  }

  /** Whether a lane has to stop where it is. */
  private isHalted({ intakes: [next] }: Queue): boolean {
    const { jobs, intakes, isRunning } = this.whole;
    if (!next || isRunning || jobs.length > 0 || (intakes[0]?.number ?? Infinity) < next.number) return true;
    return this.rest.isDue();
  }

  /** Whether what waits for all lanes came before all that waits for one. */
  private isFirst({ intakes: [next] }: Queue): boolean {
    return (
      next !== undefined && [...this.waiting].every(({ intakes }) => next.number < (intakes[0]?.number ?? Infinity))
    );
  }

  private queueOf(lane: number | null): Queue {
    if (lane === null) return this.whole;
    const queue = this.lanes.get(lane) ?? newQueue();
    this.lanes.set(lane, queue);
    return queue;
  }
}

function newQueue(): Queue {
  return { jobs: [], intakes: [], isRunning: false };
}
