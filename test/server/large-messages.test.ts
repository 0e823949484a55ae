import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { listen } from '../../server/listen.js';
import { encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Transport } from '../../shared/transport/transport.js';
import { helloOf } from './stranger.js';

/** Pieces somewhat smaller than any that Chromium sends. */
const PIECE_BYTES = 17_000;

it.each([100_001, 24_000_007])(
  'a message of %i bytes may come in as many pieces as a browser makes of it',
  async (length) => {
    let taken: (transport: Transport) => void = () => undefined;
    const arrived = new Promise<Transport>((resolve) => (taken = resolve));
    const listener = await listen({ host: '127.0.0.1', port: 0, maxMessageBytes: length, onTransport: taken });
    const socket = new WebSocket(listener.url);
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(encodeMessage(helloOf('train')));
    const frames = (await arrived).frames()[Symbol.asyncIterator]();
    await frames.next();
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff);
    for (let at = 0; at < length; at += PIECE_BYTES) {
      socket.send(bytes.subarray(at, at + PIECE_BYTES), { fin: at + PIECE_BYTES >= length });
    }
    const value: unknown = (await frames.next()).value;
    expect(value).toHaveLength(length);
    expect(Buffer.compare(value as Uint8Array, bytes)).toBe(0);
    socket.terminate();
    await listener.close();
  },
);
