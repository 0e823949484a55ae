import { crashPoint } from '../../shared/crash-point.js';
import { asTandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Placement } from '../../shared/topologies.js';
import type { Party } from '../session/party.js';
import type { Lanes } from './lanes.js';

/** What steps need of their run. */
export interface StepHost {
  /** Does one thing at a time on a client's lane; an error costs the party, or without one the run. */
  onLane(client: number | null, work: () => Promise<void>, party?: Party): void;
  /** The norm is that of the gradient of the server's weights; undefined where it does not train. */
  applied(client: number, samples: number, loss: number, gradientNorm?: number): void;
  refused(client: number): void;
  halfDone(client: number): void;
}

/** Takes clients' steps to their lanes: in one go, or in two halves where the client has the top; those of whole models are only counted. */
export class Steps {
  constructor(
    private readonly lanes: Lanes,
    private readonly loss: Placement['loss'],
    private readonly host: StepHost,
  ) {}

  /** The step that waits at the party has its turn. */
  take(party: Party | undefined, client: number): void {
    const step = party?.waiting;
    if (!party || !step) return;
    party.waiting = null;
    if (step.message.type === 'trained') this.count(party, client, step.message);
    else if (this.loss === 'client') this.forwardHalf(party, client, step.message, step.rows);
    else this.whole(party, client, step.message, step.rows);
  }

  /** The second half of a step: the lane's way down. */
  secondHalf(party: Party | undefined, client: number): void {
    const { rows, gradient } = party?.halfDone ?? {};
    if (!party || rows === undefined || !gradient) return;
    party.halfDone = null;
    const lane = this.lanes.of(client);
    this.host.onLane(
      client,
      async () => {
        let cutGradient: NdArray[];
        try {
          cutGradient = await lane.backwardHalf(gradient);
        } catch (error) {
          await lane.abandon();
          party.refuse(asTandemError(error));
          this.host.refused(client);
          return;
        }
        await this.end(party, client, rows, { loss: gradient.loss, cutGradient });
      },
      party,
    );
  }

  /** The lane forgets the first half of a client's step. */
  undo(party: Party | undefined, client: number): void {
    if (party) party.halfDone = null;
    this.host.onLane(client, () => this.lanes.of(client).abandon());
  }

  /** A client is gone; between the halves of its step, its lane is free. */
  left(party: Party, client: number): void {
    if (!party.halfDone) return;
    this.undo(party, client);
    this.host.onLane(client, () => Promise.resolve(this.host.refused(client)));
  }

  /** The client has the whole model and has done the step; nothing is left to do for a lane. */
  private count(party: Party, client: number, { samples, loss }: Message<'trained'>): void {
    party.countStep(samples);
    party.dispatch({ kind: 'applied', loss, cutGradient: [] });
    this.host.applied(client, samples, loss);
  }

  private whole(party: Party, client: number, message: Message<'smashed'>, rows: number): void {
    const lane = this.lanes.of(client);
    this.host.onLane(
      client,
      async () => {
        let result: { loss: number; cutGradient: NdArray[] };
        try {
          result = await lane.learn(message, party.holding.entry);
        } catch (error) {
          party.refuse(asTandemError(error));
          this.host.refused(client);
          return;
        }
        await this.end(party, client, rows, result);
      },
      party,
    );
  }

  /** The lane's way up. Until the client's gradient is there, no other step has its turn. */
  private forwardHalf(party: Party, client: number, message: Message<'smashed'>, rows: number): void {
    this.host.onLane(
      client,
      async () => {
        party.halfDone = { rows };
        try {
          const outputs = await this.lanes.of(client).forwardHalf(message);
          party.dispatch({ kind: 'forwarded', outputs });
        } catch (error) {
          party.refuse(asTandemError(error));
        }
        // It may have left before its turn came, when there was nothing to forget yet.
        if (party.phase === 'closed') this.left(party, client);
        else this.host.halfDone(client);
      },
      party,
    );
  }

  private async end(
    party: Party,
    client: number,
    samples: number,
    result: { readonly loss: number; readonly cutGradient: readonly NdArray[] },
  ): Promise<void> {
    party.countStep(samples);
    crashPoint('server.before-reply');
    party.dispatch({ kind: 'applied', ...result });
    crashPoint('server.after-reply');
    const lane = this.lanes.of(client);
    await lane.update();
    crashPoint('server.after-update');
    this.host.applied(client, samples, result.loss, lane.gradientNorm);
  }
}
