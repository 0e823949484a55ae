import { crashPoint } from '../../shared/crash-point.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Lane } from '../lane/lane.js';
import type { LaneReply, LaneRequest } from '../lane/lane-step.js';
import type { CourseHost } from '../run/course.js';
import type { FusedTensors } from './fused-tensors.js';
import type { JointInput } from './joint-state.js';

interface StepUnderWay {
  readonly step: number;
  readonly clients: readonly number[];
  readonly rows: number;
}

/**
 * Takes a joint step to the lane: all parties' smashed data -> fusion and the segments above -> to each party its slice of the cut
 * gradient. In one request, or in two halves where the active party has the loss.
 */
export class JointSteps {
  /** The step that waits for the active party's second half. */
  private halfDone: StepUnderWay | null = null;

  constructor(
    private readonly lane: Lane,
    private readonly tensors: FusedTensors,
    private readonly lossAtClient: boolean,
    private readonly active: number,
    private readonly host: CourseHost,
    private readonly tell: (input: JointInput) => void,
  ) {}

  take(under: StepUnderWay): void {
    const { step, clients, rows } = under;
    const sent = new Map<number, Message<'smashed'>>();
    for (const client of clients) {
      const message = this.host.places.of(client)?.waiting?.message;
      if (message?.type === 'smashed') sent.set(client, message);
    }
    const labels = sent.get(this.active)?.labels ?? [];
    const fused = this.tensors.join(new Map([...sent].map(([client, message]) => [client, message.tensors])), rows);
    const whole = { kind: 'whole', step, tensors: fused, labels, entry: 0 } as const;
    this.ask(under, this.lossAtClient ? { ...whole, kind: 'first-half' } : whole);
  }

  /** The second half: takes the active party's top gradient to the lane. */
  gradient(gradient: Message<'topGradient'>): void {
    const under = this.halfDone;
    if (under) this.ask(under, { ...gradient, kind: 'second-half' });
    this.end();
  }

  /** A party is gone. Without the active one, the first half of the step under way is undone. */
  left(client: number): void {
    const under = this.halfDone;
    if (!under || client !== this.active) return;
    this.end();
    void this.lane.take({ kind: 'undo' });
    this.lane.queue.add(() => {
      const there = under.clients.filter((other) => other !== client && this.host.places.of(other)?.waiting);
      this.tell({ kind: 'step-undone', clients: there });
    });
  }

  private end(): void {
    this.halfDone = null;
    const active = this.host.places.of(this.active);
    if (active) active.halfDone = null;
  }

  private ask(under: StepUnderWay, request: LaneRequest): void {
    void this.lane.take(request, (reply) => this.answer(under, reply));
  }

  private answer(under: StepUnderWay, reply: LaneReply): void {
    const { host } = this;
    switch (reply.kind) {
      case 'output': {
        this.halfDone = under;
        const active = host.places.of(this.active);
        if (active) active.halfDone = { rows: under.rows };
        active?.dispatch({ kind: 'forwarded', outputs: reply.tensors });
        // If it left before the lane got to the step, the half step is undone now.
        if (active?.phase === 'closed') this.left(this.active);
        break;
      }
      case 'gradient':
        crashPoint('server.before-reply');
        this.reply(under, reply);
        crashPoint('server.after-reply');
        break;
      case 'done': {
        crashPoint('server.after-update');
        const { rows: samples } = under;
        this.tell({ kind: 'step-applied', samples });
        const { loss, gradientNorm } = reply;
        host.emit({ kind: 'step', step: host.run.steps, client: this.active, loss, samples, gradientNorm });
        break;
      }
      case 'refused':
        return host.failed(reply.error);
    }
  }

  /** Sends each party its slice of the cut gradient. */
  private reply({ step, clients, rows }: StepUnderWay, { loss, tensors }: LaneReply & { kind: 'gradient' }): void {
    for (const client of clients) {
      const party = this.host.places.of(client);
      if (party?.waiting?.message.step !== step) continue;
      party.waiting = null;
      party.countStep(rows);
      party.dispatch({ kind: 'applied', loss, cutGradient: this.tensors.slice(tensors, client) });
    }
  }
}

/** Throws BAD_SHAPE when a party's part of a step or batch has another number of rows than expected. */
export function checkRows(rows: number, expected: number, what: string): void {
  // A party that has neither features nor labels to send has no rows to count.
  if (rows === 0 || rows === expected) return;
  throw new TandemError(
    'BAD_SHAPE',
    `${what} came with ${rows} rows, all parties' parts have ${expected}`,
    'match the rows of all parties by their ids',
  );
}
