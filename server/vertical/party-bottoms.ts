import { TandemError } from '../../shared/errors.js';
import { decodeSegments, encodeSegments, type SegmentContent } from '../../shared/model/bottom-payload.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import { checkContents } from '../../shared/model/check-content.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { PartyPart } from './party-parts.js';

export interface PartyBottomsSnapshot {
  readonly contents: readonly (readonly SegmentContent[])[];
  readonly holders: readonly number[];
}

/** The parties' segments as they were last uploaded, for parties that come back and for the final model. */
export class PartyBottoms {
  /** One list a party. */
  contents: readonly (readonly SegmentContent[])[];
  /** Parties that hold their bottom and go on with it. */
  private holders = new Set<number>();

  constructor(private readonly parts: readonly PartyPart[]) {
    this.contents = parts.map(({ weights }) => weights.map((values) => ({ weights: values, optimizer: null })));
  }

  /** A place has a new party, which has no bottom yet. */
  arrive(party: number): void {
    this.holders.delete(party);
  }

  /** They are not what parties hold any more: each is to be given its own. */
  recall(): void {
    this.holders.clear();
  }

  /** What a party starts from; undefined when it has it already. */
  messageFor(party: number, round: number): Message<'bottom'> | undefined {
    if (this.holders.has(party)) return undefined;
    this.holders.add(party);
    const payload = encodeSegments(this.parts[party]?.parts ?? [], this.contents[party] ?? []);
    return { type: 'bottom', round, updates: null, payload };
  }

  /** Throws BAD_MESSAGE, BAD_SHAPE or BAD_VALUE when the message does not hold this party's segments. */
  take(party: number, { updates, payload }: Message<'bottom'>): void {
    if (updates !== null) throw new TandemError('BAD_MESSAGE', "a bottom has the optimizer's state");
    const { parts = [] } = this.parts[party] ?? {};
    const contents = decodeSegments(parts, updates, payload);
    checkContents(parts, contents);
    this.contents = this.contents.map((own, other) => (other === party ? contents : own));
  }

  snapshot(): PartyBottomsSnapshot {
    return { contents: this.contents, holders: [...this.holders] };
  }

  restore({ contents, holders }: PartyBottomsSnapshot): void {
    this.contents = contents;
    this.holders = new Set(holders);
  }

  /** All parties' segments, for the undivided model. */
  get segments(): readonly { readonly spec: SegmentSpec; readonly weights: readonly NdArray[] }[] {
    return this.parts.flatMap(({ parts }, party) =>
      parts.map(({ spec }, i) => ({ spec, weights: this.contents[party]?.[i]?.weights ?? [] })),
    );
  }
}
