import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Lane } from '../lane.js';
import type { Party } from '../session/party.js';
import type { FusedTensors } from './fused-tensors.js';

/** What joint steps need of their run. */
export interface JointStepHost {
  /** Does one thing at a time; an error ends the run, since it is no party's own. */
  whenFree(work: () => Promise<void>): void;
  party(party: number): Party | undefined;
  readonly active: number;
  /** The norm is that of the gradient of the server's weights. */
  applied(samples: number, loss: number, gradientNorm: number): void;
  undone(parties: readonly number[]): void;
}

interface StepUnderWay {
  readonly step: number;
  readonly parties: readonly number[];
  readonly rows: number;
}

/**
 * Takes all parties' parts of a step to the lane: smashed of each -> fusion and what is above it -> each its slice of the
 * cut gradient. In one go, or in two halves where the active party has the loss.
 */
export class JointSteps {
  /** The step whose second half the active party owes. */
  private halfDone: StepUnderWay | null = null;

  constructor(
    private readonly lane: Lane,
    private readonly tensors: FusedTensors,
    private readonly lossAtClient: boolean,
    private readonly host: JointStepHost,
  ) {}

  take(under: StepUnderWay): void {
    const { step, parties, rows } = under;
    const sent = new Map<number, Message<'smashed'>>();
    for (const party of parties) {
      const message = this.host.party(party)?.waiting?.message;
      if (message?.type === 'smashed') sent.set(party, message);
    }
    const labels = sent.get(this.host.active)?.labels ?? [];
    const fused = this.tensors.join(new Map([...sent].map(([party, message]) => [party, message.tensors])), rows);
    const message: Message<'smashed'> = { type: 'smashed', step, tensors: fused, labels };
    this.host.whenFree(async () => {
      if (this.lossAtClient) await this.forwardHalf(under, message);
      else await this.end(under, await this.lane.learn(message));
    });
  }

  /** The second half: the active party's gradient goes down through the lane. */
  gradient(message: Message<'topGradient'>): void {
    const under = this.halfDone;
    if (!under) return;
    this.halfDone = null;
    this.host.whenFree(async () => {
      await this.end(under, { loss: message.loss, cutGradient: await this.lane.backwardHalf(message) });
    });
  }

  /** A party is gone; without the active one, the first half of the step under way is forgotten. */
  left(party: number): void {
    const under = this.halfDone;
    if (!under || party !== this.host.active) return;
    this.halfDone = null;
    this.host.whenFree(async () => {
      await this.lane.abandon();
      const there = under.parties.filter((other) => this.host.party(other)?.waiting);
      this.host.undone(there.filter((other) => other !== party));
    });
  }

  private async forwardHalf(under: StepUnderWay, message: Message<'smashed'>): Promise<void> {
    this.halfDone = under;
    const outputs = await this.lane.forwardHalf(message);
    const active = this.host.party(this.host.active);
    active?.dispatch({ kind: 'forwarded', outputs });
    // It may have left before there was anything to forget.
    if (active?.phase === 'closed') this.left(this.host.active);
  }

  private async end(
    { step, parties, rows }: StepUnderWay,
    { loss, cutGradient }: { readonly loss: number; readonly cutGradient: readonly NdArray[] },
  ): Promise<void> {
    for (const place of parties) {
      const party = this.host.party(place);
      if (party?.waiting?.message.step !== step) continue;
      party.waiting = null;
      party.countStep(rows);
      party.dispatch({ kind: 'applied', loss, cutGradient: this.tensors.slice(cutGradient, place) });
    }
    await this.lane.update();
    this.host.applied(rows, loss, this.lane.gradientNorm);
  }
}

/** Throws BAD_SHAPE when a party's part of a step or of a batch has not as many rows as everybody's. */
export function checkRows(rows: number, expected: number, what: string): void {
  // A party that has neither features nor labels to send has no rows to count.
  if (rows === 0 || rows === expected) return;
  throw new TandemError(
    'BAD_SHAPE',
    `${what} came with ${rows} rows, all parties' parts have ${expected}`,
    'match the rows of all parties by their ids',
  );
}
