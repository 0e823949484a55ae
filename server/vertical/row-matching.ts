import { pointsPerMessage } from '../../shared/alignment/limits.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { CourseHost } from '../run/course.js';
import type { JointInput } from './joint-state.js';
import { isUntouched, reduceMatching } from '../alignment/matching-reducer.js';
import {
  initialMatching,
  type MatchingEffect,
  type MatchingInput,
  type MatchingState,
} from '../alignment/matching-state.js';

/** Matches the rows of all parties by private set intersection: the shell of alignment/matching-reducer.ts. */
export class RowMatching {
  private state: MatchingState | undefined;

  constructor(
    private readonly parties: number,
    private readonly maxMessageBytes: number,
    private readonly host: Pick<CourseHost, 'places' | 'emit' | 'failed'>,
    private readonly tell: (input: JointInput) => void,
  ) {}

  get begun(): boolean {
    return this.state !== undefined;
  }

  begin(): void {
    this.state = initialMatching({
      parties: this.parties,
      samples: 'train',
      salt: crypto.randomUUID(),
      points: pointsPerMessage(this.maxMessageBytes),
    });
    this.advance({ kind: 'begin' });
    this.tell({ kind: 'matching' });
  }

  /** Throws BAD_STATE when a party has not finished its part of the matching. */
  expectMatched(party: number): void {
    if ((this.state?.digests[party] ?? null) !== null) return;
    throw new TandemError('BAD_STATE', "'ready' came before the rows were matched by id");
  }

  receive(party: number, message: Message<'points' | 'aligned'>): void {
    this.advance({ kind: 'received', party, message });
    this.tell({ kind: 'matching' });
  }

  /** Whether a party was asked for its points and has sent none. */
  awaits(party: number): boolean {
    return this.state !== undefined && isUntouched(this.state, party);
  }

  /** Another client has come for a party that left before it had sent anything. */
  came(party: number): void {
    this.advance({ kind: 'came', party });
  }

  left(party: number, reason: string): void {
    this.advance({ kind: 'left', party, reason });
  }

  private advance(input: MatchingInput): void {
    if (!this.state) return;
    const [state, effects] = reduceMatching(this.state, input);
    this.state = state;
    effects.forEach((effect) => this.perform(effect));
  }

  private perform(effect: MatchingEffect): void {
    switch (effect.kind) {
      case 'send':
        this.host.places.of(effect.party)?.send(effect.message);
        break;
      case 'refuse':
        this.host.places.of(effect.party)?.refuse(effect.error);
        break;
      case 'progress':
        this.host.emit({ kind: 'matching', done: effect.done, total: effect.total });
        break;
      case 'aligned':
        this.host.emit({ kind: 'matched', rows: effect.rows });
        break;
      case 'failed':
        this.host.failed(effect.error);
        break;
    }
  }
}
