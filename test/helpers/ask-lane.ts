import { Lane, type LaneOptions } from '../../server/lane/lane.js';
import type { LaneReply } from '../../server/lane/lane-step.js';
import { WorkQueue } from '../../server/lane/work-queue.js';
import type { Message } from '../../shared/protocol/messages.js';

/** All that a lane answers to a step, or to the first half of one. Throws what it refuses it with. */
export async function askLane(
  lane: Lane,
  message: Message<'smashed'>,
  { entry = 0, kind = 'whole' }: { entry?: number; kind?: 'whole' | 'first-half' } = {},
): Promise<LaneReply[]> {
  const replies: LaneReply[] = [];
  await lane.take({ ...message, kind, entry }, (reply) => void replies.push(reply));
  for (const reply of replies) if (reply.kind === 'refused') throw reply.error;
  return replies;
}

/** A lane without others beside it. */
export function openLane(options: LaneOptions): Promise<Lane> {
  return Lane.create(options, new WorkQueue().queue());
}
