import { sessionContract, type SessionContract } from '../server/session/session-contract.js';
import { TandemError } from '../shared/errors.js';
import { decodeSegments, encodeSegments, type SegmentContent } from '../shared/model/bottom-payload.js';
import type { Message } from '../shared/protocol/messages.js';
import {
  decodeModelDefinition,
  encodeModelDefinition,
  type DefinedPart,
  type ModelDefinition,
} from '../shared/protocol/model-definition.js';

/** A `bottom` message split in two: the relay's segments, and the message to pass down. */
interface SplitBottom {
  readonly own: readonly SegmentContent[];
  readonly below: Message<'bottom'>;
}

/**
 * Splits the segments that the server gives a client between a relay, which keeps the uppermost of role `bottom`, and the
 * client below it. To the server, the two are one client.
 */
export class SplitModel {
  /** The relay's segments, from the bottom up. */
  readonly own: readonly DefinedPart[];
  /** The definition to pass down. */
  readonly below: ModelDefinition;
  private readonly first: number;

  private constructor(
    private readonly definition: ModelDefinition,
    keep: number,
  ) {
    const { segments } = definition;
    const bottoms = segments.filter(({ role }) => role === 'bottom').length;
    if (bottoms <= keep) {
      throw new TandemError(
        'BAD_OPTION',
        `the server gives ${bottoms} bottom segment${bottoms === 1 ? '' : 's'} and the relay is to keep ${keep}, so none is left for clients`,
        'start the server with --topology multi-hop, or the relay with fewer --segments',
      );
    }
    this.first = bottoms - keep;
    this.own = segments.slice(this.first, bottoms);
    this.below = { ...definition, segments: segments.filter((part) => !this.own.includes(part)) };
  }

  /** Reads the payload of `model`. Throws BAD_MESSAGE, and BAD_OPTION when nothing would be left for clients. */
  static open(payload: Uint8Array, keep: number): SplitModel {
    return new SplitModel(decodeModelDefinition(payload), keep);
  }

  get message(): Message<'model'> {
    return { type: 'model', payload: encodeModelDefinition(this.below) };
  }

  /** What a client of the relay may send. */
  contract(maxRows: number): SessionContract {
    return sessionContract(this.below, maxRows);
  }

  /** Splits weights from the server. Throws BAD_SHAPE or BAD_VALUE. */
  split(message: Message<'bottom'>): SplitBottom {
    const contents = decodeSegments(this.definition.segments, message.updates, message.payload);
    const own = this.ownOf(contents);
    const rest = contents.filter((content) => !own.includes(content));
    return { own, below: { ...message, payload: encodeSegments(this.below.segments, rest) } };
  }

  /** Joins the client's weights with the relay's, for the server. Throws BAD_MESSAGE, BAD_SHAPE or BAD_VALUE. */
  join(message: Message<'bottom'>, own: readonly SegmentContent[]): Message<'bottom'> {
    const { updates } = message;
    const made = own[0]?.optimizer?.updates ?? null;
    if (updates !== made) {
      const counts = [updates, made].map((count) => (count === null ? 'no state' : `${count} updates`));
      throw new TandemError('BAD_MESSAGE', `the bottom's optimizer has ${counts[0]}, the relay's ${counts[1]}`);
    }
    const below = decodeSegments(this.below.segments, updates, message.payload);
    const contents = [...below.slice(0, this.first), ...own, ...below.slice(this.first)];
    return { ...message, payload: encodeSegments(this.definition.segments, contents) };
  }

  private ownOf(contents: readonly SegmentContent[]): readonly SegmentContent[] {
    return contents.slice(this.first, this.first + this.own.length);
  }
}
