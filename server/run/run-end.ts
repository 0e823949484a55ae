import { crashPoint } from '../../shared/crash-point.js';
import { Deferred } from '../../shared/deferred.js';
import type { TandemError } from '../../shared/errors.js';
import type { RunSessions } from '../session/run-sessions.js';
import type { Checkpoints } from './checkpoints.js';
import type { Course, CourseHost } from './course.js';
import type { Deadline } from './deadline.js';
import type { RunHostOptions } from './run-host-options.js';
import { resultOf, type RunResult } from './summarise.js';
import type { WorkQueue } from '../lane/work-queue.js';

/** What `RunEnd` needs of the host. */
export interface EndingHost extends Pick<CourseHost, 'run' | 'places' | 'training'> {
  readonly course: Course;
  readonly sessions: RunSessions;
  readonly work: WorkQueue;
  readonly checkpoints: Checkpoints | undefined;
  readonly deadline: Deadline;
}

/** After so long the clients of a failed run try to come back. */
const AWAY_SECONDS = 5;

/** Ends a run: well, with a failure, or for now, because its server stops. */
export class RunEnd {
  private readonly outcome = new Deferred<RunResult>();
  private isOver = false;

  constructor(
    private readonly host: EndingHost,
    private readonly options: RunHostOptions,
  ) {}

  get result(): Promise<RunResult> {
    return this.outcome.promise;
  }

  /** Whether the run has ended here. */
  get over(): boolean {
    return this.isOver;
  }

  /** Ends all sessions; safe to call twice. An unfinished run fails with the error. */
  close(error: TandemError): void {
    if (this.isOver) return;
    this.stop(error);
    for (const session of this.host.sessions.all) session.refuse(error);
  }

  /** Writes a checkpoint, and sends clients away until the run goes on. */
  async drain(seconds: number, address: string | null): Promise<void> {
    const { checkpoints, run } = this.host;
    if (this.isOver || !checkpoints || run.phase === 'gathering') return;
    this.leave(await checkpoints.drain(), seconds, address);
  }

  /**
   * A run that lost its clients writes that down, and tells those who are left. Any other failure may be tried again from the last checkpoint after a
   * restart; without checkpoints, all clients are told.
   */
  async fail(error: TandemError): Promise<void> {
    if (this.isOver) return;
    const { checkpoints, sessions } = this.host;
    const isLost = error.code === 'NO_CLIENTS';
    if (isLost) await checkpoints?.tryNow();
    else if (checkpoints) this.leave(error, AWAY_SECONDS, null);
    else this.stop(error);
    this.outcome.reject(error);
    // Otherwise clients would wait for a run that does not go on.
    if (isLost || !checkpoints) for (const session of sessions.all) session.dismiss(error);
  }

  /** Tells all clients how the run went. */
  async announce(): Promise<void> {
    const { checkpoints, course, sessions, run } = this.host;
    const written = checkpoints?.commit();
    course.evaluations.over();
    await course.evaluations.restore();
    const { steps, samples } = run;
    sessions.announce({ type: 'finished', steps, samples, ...course.evaluations.means });
    crashPoint('server.finished');
    await this.conclude(written);
  }

  /** `written` resolves when clients may be told. */
  async conclude(written?: Promise<void>): Promise<void> {
    // Written down, so that after a crash only clients that have not heard are waited for.
    const heard = this.host.sessions.allHeard(() => this.host.checkpoints?.commit(), written);
    const result = await this.measured();
    void heard.then(() => this.outcome.resolve(result));
  }

  /** The result of the run. */
  private async measured(): Promise<RunResult> {
    const { course, places, run, training } = this.host;
    const { specs, weights, held } = await course.trained();
    const { steps, samples, lost, earlyStopping } = run;
    const { scores, curve: evaluations, bytes: evaluationBytes } = course.evaluations;
    const ending = { stopped: course.stopped, evaluations, evaluationBytes, best: earlyStopping.best };
    const facts = { steps, samples, seconds: training.seconds, scores, clients: places.accounts, lost, ...ending };
    return resultOf(this.options, facts, specs, weights, held);
  }

  /** Stops without ending sessions: clients come back to the server that goes on from the newest checkpoint. */
  private leave(error: TandemError, seconds: number, address: string | null): void {
    this.host.sessions.links.leave(seconds, address);
    this.stop(error);
  }

  private stop(error: TandemError): void {
    const { checkpoints, course, deadline, work } = this.host;
    this.isOver = true;
    deadline.cancel();
    checkpoints?.stop();
    this.outcome.reject(error);
    void work.idle().then(() => course.dispose());
  }
}
