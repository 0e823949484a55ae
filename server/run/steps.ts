import { crashPoint } from '../../shared/crash-point.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Placement } from '../../shared/topologies.js';
import type { LaneReply, LaneRequest } from '../lane-step.js';
import type { Pool } from '../pool/pool.js';
import type { Party } from '../session/party.js';
import type { CourseHost } from './course.js';
import type { Lanes } from './lanes.js';
import type { RunInput } from './run-state.js';

/** Between clients and lanes: makes a request of what a client has sent, and tells the client and the run what the lane answers. */
export class Steps {
  constructor(
    private readonly lanes: Lanes,
    private readonly loss: Placement['loss'],
    private readonly host: CourseHost<RunInput>,
    /** Where smashed data travel once: steps fill it, or are reported. */
    private readonly pool?: Pool,
  ) {}

  /** The step that waits at the party has its turn. */
  take(party: Party | undefined, client: number): void {
    const step = party?.waiting;
    if (!party || !step) return;
    party.waiting = null;
    const { message, rows } = step;
    if (message.type === 'trained') return this.reported(party, client, message);
    if (this.pool) return this.keep(party, client, message, rows);
    const { tensors, labels } = message;
    const { entry } = party.holding;
    const whole = { kind: 'whole', step: message.step, tensors, labels, entry } as const;
    this.ask(party, client, rows, this.loss === 'client' ? { ...whole, kind: 'first-half' } : whole);
  }

  /** The second half of a step: the lane's way down. */
  secondHalf(party: Party | undefined, client: number): void {
    const { rows, gradient } = party?.halfDone ?? {};
    if (!party || rows === undefined || !gradient) return;
    party.halfDone = null;
    const { step, loss, tensors } = gradient;
    this.ask(party, client, rows, { kind: 'second-half', step, loss, tensors });
  }

  /** The lane forgets the first half of a client's step. */
  undo(party: Party | undefined, client: number): void {
    if (party) party.halfDone = null;
    this.host.onLane(client, () => this.lanes.of(client).take({ kind: 'undo' }));
  }

  /** A client is gone; between the halves of its step, its lane is free. */
  left(party: Party, client: number): void {
    if (!party.halfDone) return;
    this.undo(party, client);
    this.host.onLane(client, () => Promise.resolve(this.host.advance({ kind: 'step-refused', client })));
  }

  /** Where a lane has the order of steps, each has its turn there. */
  private reported(party: Party, client: number, message: Message<'trained'>): void {
    if (!this.pool) return this.count(party, client, message);
    this.host.onLane(client, () => Promise.resolve(this.count(party, client, message)));
  }

  /** A step goes into the pool. How wrong the top is says whether it can be learned from. */
  private keep(party: Party, client: number, { step, tensors, labels }: Message<'smashed'>, rows: number): void {
    this.host.onLane(client, async () => {
      const { loss } = await this.lanes.of(client).predict(tensors, labels);
      if (loss === null || !Number.isFinite(loss)) {
        party.refuse(new TandemError('BAD_VALUE', `the loss of step ${step} is ${loss ?? NaN}`, undefined, step));
        return this.host.advance({ kind: 'step-refused', client });
      }
      this.pool?.add(client, tensors, labels);
      party.countStep(rows);
      crashPoint('server.before-reply');
      party.dispatch({ kind: 'applied', loss, cutGradient: [] });
      crashPoint('server.after-reply');
      this.applied(client, rows, loss);
    });
  }

  /** The client has done the step by itself; nothing is left to do for a lane. */
  private count(party: Party, client: number, { samples, loss }: Message<'trained'>): void {
    party.countStep(samples);
    party.dispatch({ kind: 'applied', loss, cutGradient: [] });
    this.applied(client, samples, loss);
  }

  private ask(party: Party, client: number, rows: number, request: LaneRequest): void {
    const answer = (reply: LaneReply) => this.answer(party, client, rows, reply);
    this.host.onLane(client, () => this.lanes.of(client).take(request, answer), party);
  }

  private answer(party: Party, client: number, rows: number, reply: LaneReply): void {
    switch (reply.kind) {
      case 'output':
        party.halfDone = { rows };
        party.dispatch({ kind: 'forwarded', outputs: reply.tensors });
        // It may have left before its turn came, when there was nothing to forget yet.
        if (party.phase === 'closed') this.left(party, client);
        else this.host.advance({ kind: 'half-done', client });
        break;
      case 'gradient':
        party.countStep(rows);
        crashPoint('server.before-reply');
        party.dispatch({ kind: 'applied', loss: reply.loss, cutGradient: reply.tensors });
        crashPoint('server.after-reply');
        break;
      case 'done':
        crashPoint('server.after-update');
        this.applied(client, rows, reply.loss, reply.gradientNorm);
        break;
      case 'refused':
        party.refuse(reply.error);
        this.host.advance({ kind: 'step-refused', client });
        break;
    }
  }

  private applied(client: number, samples: number, loss: number, gradientNorm?: number): void {
    this.host.advance({ kind: 'step-applied', client, samples });
    this.host.emit({ kind: 'step', step: this.host.run.steps, client, loss, samples, gradientNorm });
  }
}
