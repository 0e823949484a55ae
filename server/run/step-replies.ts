import { crashPoint } from '../../shared/crash-point.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Given, LaneReply } from '../lane/lane-step.js';
import type { Lanes } from '../lane/lanes.js';
import type { Pool } from '../pool/pool.js';
import type { ClientSession } from '../session/client-session.js';
import type { CourseHost } from './course.js';
import type { AskedCourse } from './row-queries.js';

/** Passes a lane's replies on to the client and to the run. */
export class StepReplies {
  private toldRound = -1;

  constructor(
    private readonly course: AskedCourse & { left(session: ClientSession, client: number): void },
    private readonly host: CourseHost,
    private readonly lanes: Lanes,
    /** Where smashed data travel once: they go into the pool, and other steps are only reported. */
    private readonly pool: Pool | undefined,
  ) {}

  pass(session: ClientSession, client: number, rows: number, reply: LaneReply): void {
    if (reply.kind === 'output' || reply.kind === 'gradient') this.give(session, client, reply);
    switch (reply.kind) {
      case 'output':
        session.halfDone = { rows };
        session.dispatch({ kind: 'forwarded', outputs: reply.tensors });
        // If it left before its lane got to the step, the half step is undone now.
        if (session.phase === 'closed') return this.course.left(session, client);
        return this.course.tell({ kind: 'half-done', client });
      case 'gradient':
        session.countStep(rows);
        crashPoint('server.before-reply');
        session.dispatch({ kind: 'applied', loss: reply.loss, cutGradient: reply.tensors });
        return crashPoint('server.after-reply');
      case 'done':
        crashPoint('server.after-update');
        return this.applied(client, rows, reply.loss, reply.gradientNorm);
      case 'refused':
        session.refuse(reply.error);
        return this.course.tell({ kind: 'step-refused', client });
    }
  }

  /** A client has done a step by itself. With a pool it is counted in the order of its lane's queue. */
  report(session: ClientSession, client: number, message: Message<'trained'>): void {
    if (!this.pool) return this.count(session, client, message);
    this.lanes.queueOf(client).add(() => this.count(session, client, message));
  }

  /** A step goes into the pool, if the top's loss for it is finite. */
  keep(session: ClientSession, client: number, { step, tensors, labels }: Message<'smashed'>, rows: number): void {
    const lane = this.lanes.of(client);
    lane.queue.add(async () => {
      const { loss } = await lane.predict(tensors, labels);
      if (loss === null || !Number.isFinite(loss)) return this.pass(session, client, rows, refusal(step, loss));
      this.pool?.add(client, tensors, labels);
      this.pass(session, client, rows, { kind: 'gradient', loss, tensors: [], given: 0 });
      this.applied(client, rows, loss);
    });
  }

  /** Notes the largest value a client was given; a lane that had to recover is reported once a round. */
  private give(session: ClientSession, client: number, { given, mended }: Given): void {
    session.given = Math.max(session.given, given);
    const { round } = this.course.state;
    if (mended === undefined || this.toldRound === round) return;
    this.toldRound = round;
    this.host.emit({ kind: 'mended', client, round, what: mended });
  }

  private count(session: ClientSession, client: number, { samples, loss }: Message<'trained'>): void {
    session.countStep(samples);
    session.dispatch({ kind: 'applied', loss, cutGradient: [] });
    this.applied(client, samples, loss);
  }

  private applied(client: number, samples: number, loss: number, gradientNorm?: number): void {
    const { course, host } = this;
    course.tell({ kind: 'step-applied', client, samples });
    host.emit({ kind: 'step', step: course.state.steps, client, loss, samples, gradientNorm });
  }
}

function refusal(step: number, loss: number | null): LaneReply {
  return {
    kind: 'refused',
    error: new TandemError('BAD_VALUE', `the loss of step ${step} is ${loss ?? NaN}`, undefined, step),
  };
}
