import { knownCapabilities } from '../shared/protocol/capabilities.js';
import type { Message } from '../shared/protocol/messages.js';
import type { ParticipateOptions } from './participate-options.js';

type Own = Pick<Message<'hello'>, 'role' | 'engine'> & Partial<Message<'hello'>>;

/** The first message of a client that asks for nothing in particular but what is given. */
export function helloOf(own: Own): Message<'hello'> {
  const nothing = { shard: null, party: null, resumes: false, segments: null, bottom: null };
  return { type: 'hello', ...nothing, capabilities: knownCapabilities, ...own };
}

/** The first message of a client that trains. */
export function helloToTrain(options: ParticipateOptions): Message<'hello'> {
  const { place, party, engine, segments = null, bottom = null, reconnect } = options;
  const shard = place ? ([...place] as const) : null;
  const names = { shard, party: party === undefined ? null : String(party), segments, bottom };
  return helloOf({ role: 'train', engine: engine.label, resumes: reconnect !== undefined, ...names });
}
