import type { MessageName } from '../protocol/messages.js';
import type { WireTerms } from './terms.js';

/** How the tensors of a message go over the wire. */
export interface Way {
  /** Which codec of the session packs it. */
  readonly by: 'up' | 'down' | 'weights';
  /** Messages of one stream share the state of its codec. */
  readonly stream: string;
  /** Whether they are learned from, in training. */
  readonly learns: boolean;
  /** The field that numbers messages of this kind. */
  readonly numbered: 'step' | 'id' | 'round';
  /** Of gradients: the stream of the tensors that they are gradients of, which went the other way. */
  readonly gradientOf?: string;
}

/** Messages whose tensors are coded. */
export const ways: Partial<Record<MessageName, Way>> = {
  smashed: { by: 'up', stream: 'smashed', learns: true, numbered: 'step' },
  query: { by: 'up', stream: 'smashed', learns: false, numbered: 'id' },
  topGradient: {
    ...{ by: 'up', stream: 'topGradient', learns: true, numbered: 'step' },
    gradientOf: 'middleOutput',
  },
  middleOutput: { by: 'down', stream: 'middleOutput', learns: true, numbered: 'step' },
  cutGradient: {
    ...{ by: 'down', stream: 'cutGradient', learns: true, numbered: 'step' },
    gradientOf: 'smashed',
  },
  prediction: { by: 'down', stream: 'prediction', learns: false, numbered: 'id' },
  bottom: { by: 'weights', stream: 'bottom', learns: true, numbered: 'round' },
};

/** The name of the codec; null for plain float32. Predictions are for people, so they are never coded more coarsely than fp16. */
export function codecOn(way: Way, terms: WireTerms): string | null {
  const name = terms[way.by];
  return name !== null && way.stream === 'prediction' ? 'fp16' : name;
}
