import { knownCapabilities } from '../shared/protocol/capabilities.js';
import type { Message } from '../shared/protocol/messages.js';

type Own = Pick<Message<'hello'>, 'role' | 'engine'> & Partial<Message<'hello'>>;

/** The first message of a client that asks for nothing in particular but what is given. */
export function helloOf(own: Own): Message<'hello'> {
  const nothing = { shard: null, party: null, resumes: false, segments: null, bottom: null };
  return { type: 'hello', ...nothing, capabilities: knownCapabilities, ...own };
}
