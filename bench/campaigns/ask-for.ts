import { WebSocket } from 'ws';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { hello } from './hello.js';

export type Asked = Pick<Message<'hello'>, 'role' | 'shard'>;

/** Opens a link with a ticket, says hello, and returns whether a welcome came, and what was said instead. */
export function askFor(url: string, ticket: string, asked: Asked): Promise<Answer> {
  return say(url, ticket, [hello(asked.role, asked.shard)]);
}

export interface Answer {
  readonly welcomed: boolean;
  readonly said: string;
  /** The id of the session, of a welcome. */
  readonly session?: string;
}

/** Opens a link with a ticket, says what it is given, and returns whether it was let in; `stay` leaves the link open then. */
export function say(url: string, ticket: string, messages: readonly Message[], stay = false): Promise<Answer> {
  const socket = new WebSocket(url, { perMessageDeflate: false, headers: { authorization: `Bearer ${ticket}` } });
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve) => {
    let said = '';
    socket.on('open', () => messages.forEach((message) => socket.send(encodeMessage(message))));
    socket.on('message', (data: ArrayBuffer) => {
      const message = decodeMessage(new Uint8Array(data));
      if (message.type === 'error') said = `${message.message}: ${message.action} (${message.code})`;
      if (message.type !== 'welcome' && message.type !== 'resumed') return;
      resolve({ welcomed: true, said: '', ...(message.type === 'welcome' ? { session: message.session } : {}) });
      if (!stay) socket.terminate();
    });
    socket.on('error', (error) => (said ||= error.message));
    socket.on('close', () => resolve({ welcomed: false, said }));
  });
}
