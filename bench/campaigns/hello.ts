import type { Message } from '../../shared/protocol/messages.js';

/** A first message as any client could send it. */
export function hello(role: 'train' | 'infer', shard: Message<'hello'>['shard'] = null): Message<'hello'> {
  return {
    type: 'hello',
    role,
    shard,
    party: null,
    engine: 'campaign',
    resumes: false,
    segments: null,
    bottom: null,
    capabilities: [],
  };
}
