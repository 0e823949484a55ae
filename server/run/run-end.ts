import { crashPoint } from '../../shared/crash-point.js';
import { Deferred } from '../../shared/deferred.js';
import type { TandemError } from '../../shared/errors.js';
import type { PlacedModel } from '../../shared/model/build.js';
import type { Members } from '../session/members.js';
import { endOf } from './ending.js';
import type { EffectHost } from './run-effects.js';
import type { RunHostOptions } from './run-host-options.js';
import type { RunResult } from './summarise.js';
import type { WorkQueue } from './work-queue.js';

/** What the end of a run works on. */
export interface EndingHost extends EffectHost {
  readonly members: Members;
  readonly work: WorkQueue;
}

/** When clients of a run that broke down come back to look whether it goes on. */
const AWAY_SECONDS = 5;

/** How a run comes to its end: well, or with a failure, or for now, since its server stops. */
export class RunEnd {
  private readonly outcome = new Deferred<RunResult>();
  private isOver = false;

  constructor(
    private readonly host: EndingHost,
    private readonly options: RunHostOptions,
    private readonly placed: PlacedModel,
  ) {}

  get result(): Promise<RunResult> {
    return this.outcome.promise;
  }

  /** Whether nothing is trained or written down any more. */
  get over(): boolean {
    return this.isOver;
  }

  /** Ends all sessions; safe to call twice. An unfinished run fails with the error. */
  close(error: TandemError): void {
    if (this.isOver) return;
    this.stop(error);
    for (const party of this.host.members.all) party.refuse(error);
  }

  /** Writes the run down, and sends clients away until it goes on. */
  async drain(seconds: number, address: string | null): Promise<void> {
    const { checkpoints, run } = this.host;
    if (this.isOver || !checkpoints || run.phase === 'gathering') return;
    this.leave(await checkpoints.drain(), seconds, address);
  }

  /** Who lost its clients says so after a restart, too. What else went wrong is tried again from the checkpoint before. */
  async fail(error: TandemError): Promise<void> {
    if (this.isOver) return;
    const { checkpoints } = this.host;
    if (error.code === 'NO_CLIENTS') await checkpoints?.tryNow();
    else if (checkpoints) this.leave(error, AWAY_SECONDS, null);
    // Or clients would wait for a run that does not go on.
    else this.close(error);
    this.outcome.reject(error);
  }

  /** Tells all how it went. */
  async announce(): Promise<void> {
    const { checkpoints, evaluations, members, run } = this.host;
    const written = checkpoints?.commit();
    await evaluations.restore();
    const { steps, samples } = run;
    members.announce({ type: 'finished', steps, samples, ...evaluations.means });
    crashPoint('server.finished');
    await this.conclude(written);
  }

  /** `written` resolves when clients may be told. */
  async conclude(written?: Promise<void>): Promise<void> {
    // Who has heard of it is not waited for after a crash either.
    const heard = this.host.members.allHeard(() => this.host.checkpoints?.commit(), written);
    const result = await endOf(this.host, this.options, this.placed);
    void heard.then(() => this.outcome.resolve(result));
  }

  /** Stops without ending a session: clients come back to whoever goes on from the newest checkpoint. */
  private leave(error: TandemError, seconds: number, address: string | null): void {
    this.host.members.sessions.leave(seconds, address);
    this.stop(error);
  }

  private stop(error: TandemError): void {
    const { checkpoints, deadline, lanes, shared, work } = this.host;
    this.isOver = true;
    deadline.cancel();
    checkpoints?.stop();
    this.outcome.reject(error);
    void work.idle().then(() => {
      lanes.dispose();
      shared.dispose();
    });
  }
}
