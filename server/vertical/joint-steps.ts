import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Lane } from '../lane.js';
import type { LaneReply, LaneRequest } from '../lane-step.js';
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
    const whole = { kind: 'whole', step, tensors: fused, labels, entry: 0 } as const;
    this.ask(under, this.lossAtClient ? { ...whole, kind: 'first-half' } : whole);
  }

  /** The second half: the active party's gradient goes down through the lane. */
  gradient({ step, loss, tensors }: Message<'topGradient'>): void {
    const under = this.halfDone;
    this.halfDone = null;
    if (under) this.ask(under, { kind: 'second-half', step, loss, tensors });
  }

  /** A party is gone; without the active one, the first half of the step under way is forgotten. */
  left(party: number): void {
    const under = this.halfDone;
    if (!under || party !== this.host.active) return;
    this.halfDone = null;
    this.host.whenFree(async () => {
      await this.lane.take({ kind: 'undo' });
      const there = under.parties.filter((other) => this.host.party(other)?.waiting);
      this.host.undone(there.filter((other) => other !== party));
    });
  }

  private ask(under: StepUnderWay, request: LaneRequest): void {
    this.host.whenFree(() => this.lane.take(request, (reply) => this.answer(under, reply)));
  }

  private answer(under: StepUnderWay, reply: LaneReply): void {
    const { host } = this;
    switch (reply.kind) {
      case 'output': {
        this.halfDone = under;
        const active = host.party(host.active);
        active?.dispatch({ kind: 'forwarded', outputs: reply.tensors });
        // It may have left before there was anything to forget.
        if (active?.phase === 'closed') this.left(host.active);
        break;
      }
      case 'gradient':
        this.reply(under, reply);
        break;
      case 'done':
        host.applied(under.rows, reply.loss, reply.gradientNorm);
        break;
      case 'refused':
        throw reply.error;
    }
  }

  /** Each party gets its slice of the gradient. */
  private reply({ step, parties, rows }: StepUnderWay, { loss, tensors }: LaneReply & { kind: 'gradient' }): void {
    for (const place of parties) {
      const party = this.host.party(place);
      if (party?.waiting?.message.step !== step) continue;
      party.waiting = null;
      party.countStep(rows);
      party.dispatch({ kind: 'applied', loss, cutGradient: this.tensors.slice(tensors, place) });
    }
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
