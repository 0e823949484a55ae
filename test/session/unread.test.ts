import { describe, expect, it } from 'vitest';
import { MOST_WINDOW } from '../../shared/protocol/pace.js';
import type { Message } from '../../shared/protocol/messages.js';
import { Inbox } from '../../shared/session/inbox.js';
import { Unread } from '../../shared/session/unread.js';
import { helloOf } from '../server/stranger.js';

/** Takes messages that nobody reads; answers how many were taken before it threw. */
function taken(count: number, first: Message, { lasts = false, atServer = true } = {}): number {
  const inbox = new Inbox<Message>();
  const unread = new Unread(inbox, atServer);
  const messages = [
    first,
    ...Array.from({ length: count }, (_, i): Message => ({ type: 'trained', step: i + 1, samples: 3, loss: 0.5 })),
  ];
  for (const [i, message] of messages.entries()) {
    try {
      unread.take(message, lasts);
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_STATE' });
      return i;
    }
    inbox.put(message, 40);
  }
  return messages.length;
}

describe('what may wait to be read of a client without a session', () => {
  it('is the widest window and what belongs to it', () => {
    // Its hello, its steps and its bottom.
    expect(taken(MOST_WINDOW + 2, helloOf('train'))).toBe(MOST_WINDOW + 3);
  });

  it('is bounded', () => {
    expect(taken(1_000, helloOf('train'))).toBe(64);
    expect(taken(1_000, helloOf('infer'))).toBe(8);
  });

  it('is not where one side sends again, or at a client', () => {
    expect(taken(5_000, helloOf('train'), { lasts: true })).toBe(5_001);
    expect(taken(5_000, helloOf('train'), { atServer: false })).toBe(5_001);
  });
});

describe('an inbox', () => {
  it('has room again when its reader has caught up, or nothing more comes', async () => {
    const inbox = new Inbox<number>();
    for (let i = 0; i < 4; i++) inbox.put(i, 30);
    expect(inbox.room(4, 120)).toBeUndefined();
    let ready = 0;
    void inbox.room(3, 1_000)?.then(() => ready++);
    await Promise.resolve();
    expect(ready).toBe(0);
    inbox.take();
    await Promise.resolve();
    expect(ready).toBe(1);
    // By bytes; a single message may be larger than all that may wait.
    inbox.put(4, 31);
    void inbox.room(9, 90)?.then(() => ready++);
    inbox.take();
    await Promise.resolve();
    expect(ready).toBe(1);
    inbox.take();
    await Promise.resolve();
    expect(ready).toBe(2);
    expect(inbox.room(9, 20)).toBeDefined();
    inbox.take();
    expect(inbox.room(9, 20)).toBeUndefined();
    inbox.put(5, 7);
    void inbox.room(1, 1_000)?.then(() => ready++);
    inbox.close();
    await Promise.resolve();
    expect(ready).toBe(3);
  });
});
