import type { MessageName } from '../protocol/messages.js';
import type { WireTerms } from './terms.js';

/** How the tensors of a message go over the wire. */
export interface Way {
  /** The codec of the session that it follows. */
  readonly by: 'up' | 'down' | 'weights';
  /** Messages of one stream share the memory of its codec. */
  readonly stream: string;
  /** Whether somebody learns from them. */
  readonly learns: boolean;
  /** The field that numbers messages of this kind. */
  readonly numbered: 'step' | 'id' | 'round';
  /** Of gradients: the stream of what they are the gradients of, which went the other way. */
  readonly gradientOf?: string;
}

/** All others have nothing to code. */
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

/** The name of the codec; null for float32 as it is. Somebody wants to know what a prediction says. */
export function codecOn(way: Way, terms: WireTerms): string | null {
  const name = terms[way.by];
  return name !== null && way.stream === 'prediction' ? 'fp16' : name;
}
