import { vi } from 'vitest';
import { Link } from '../../shared/protocol/link.js';
import type { MessageName } from '../../shared/protocol/messages.js';
import { LastingLink } from '../../shared/session/lasting-link.js';

export type MessageCounts = Readonly<Partial<Record<MessageName, number>>>;

/** Counts what all links of this process send while something runs: each message once a link, whatever the direction. */
export async function countingMessages<T>(work: () => Promise<T>): Promise<{ result: T; counts: MessageCounts }> {
  const counts: Partial<Record<MessageName, number>> = {};
  const spies = [vi.spyOn(LastingLink.prototype, 'send'), vi.spyOn(Link.prototype, 'send')];
  try {
    const result = await work();
    for (const [{ type }] of spies.flatMap(({ mock }) => mock.calls)) counts[type] = (counts[type] ?? 0) + 1;
    return { result, counts };
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
}
