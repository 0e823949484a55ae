import { WebSocket } from 'ws';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { hello } from './hello.js';

export type Asked = Pick<Message<'hello'>, 'role' | 'shard'>;

/** Opens a link with a ticket, says hello, and returns whether a welcome came, and what was said instead. */
export function askFor(url: string, ticket: string, asked: Asked): Promise<{ welcomed: boolean; said: string }> {
  const socket = new WebSocket(url, { perMessageDeflate: false, headers: { authorization: `Bearer ${ticket}` } });
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve) => {
    let said = '';
    socket.on('open', () => socket.send(encodeMessage(hello(asked.role, asked.shard))));
    socket.on('message', (data: ArrayBuffer) => {
      const message = decodeMessage(new Uint8Array(data));
      if (message.type === 'error') said = `${message.message}: ${message.action} (${message.code})`;
      if (message.type !== 'welcome') return;
      resolve({ welcomed: true, said: '' });
      socket.terminate();
    });
    socket.on('error', (error) => (said ||= error.message));
    socket.on('close', () => resolve({ welcomed: false, said }));
  });
}
