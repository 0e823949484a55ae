import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { TYPE_AT } from '../../shared/protocol/frame.js';
import { Link } from '../../shared/protocol/link.js';
import { definitions } from '../../shared/protocol/messages.js';
import { TandemError } from '../../shared/errors.js';
import { WebSocketTransport } from '../../shared/transport/websocket.js';
import type { Transport } from '../../shared/transport/transport.js';
import type { Grant } from '../entry/grant.js';
import { LinkTraffic } from '../observe/link-traffic.js';
import type { Door } from './door.js';
import { GuardedTransport } from './guarded-transport.js';

/** The first message is a hello, which is small. */
const MAX_HELLO_BYTES = 16 * 1024;
/** One read may also bring the beginning of the next messages, and heads of fragments. */
const SLACK_BYTES = 80 * 1024;
const MESSAGE_TOO_BIG = 1009;
/** In messages of the largest size: there is room for another reply while less than this waits, and the link is cut beyond MOST_BUFFERED_MESSAGES. */
const ROOM_MESSAGES = 1;
const MOST_BUFFERED_MESSAGES = 6;
/** How long a close may take to reach a client that does not answer it. */
const LAST_WORDS_MS = 1_000;

export interface LinkFacts {
  readonly address: string;
  readonly grant: Grant | null;
  readonly maxMessageBytes: number;
  /** The same where the client only asks for predictions. */
  readonly maxQueryBytes: number;
}

/** The transport of a new WebSocket, with the limits that hold for strangers: sizes, rates, time to say hello, memory. */
export function limitedTransport(ws: WebSocket, socket: Socket, facts: LinkFacts, door: Door): Transport {
  const { address, grant, maxMessageBytes, maxQueryBytes } = facts;
  const { gate, waiting, liveGrants, newcomers } = door;
  const key = crypto.randomUUID();
  let partial = 0;
  let greeted = false;
  let trains = false;
  let asked = () => undefined as void;
  // The most bytes of an incomplete message; it depends on the role in the hello.
  let most = MAX_HELLO_BYTES;
  const inner = new WebSocketTransport(ws, {
    bytesRead: () => socket.bytesRead,
    roomBytes: ROOM_MESSAGES * maxMessageBytes,
    maxBufferedBytes: MOST_BUFFERED_MESSAGES * maxMessageBytes,
  });
  const held = {
    bytes: () => partial + ws.bufferedAmount,
    // Not once it was refused, though its socket may live on for a moment.
    isMember: () => trains && ws.readyState === ws.OPEN,
    cut: (total: number) => {
      const why = `${held.bytes()} bytes waited here the longest when ${total} waited on all links`;
      inner.cut(new TandemError('TOO_SLOW', why));
      // The bytes must be freed now, not after the closing handshake.
      ws.terminate();
    },
  };
  const traffic = new LinkTraffic(door.traffic);

  // Registered before the WebSocket's own listener, whose 'message' then resets the count.
  socket.prependListener('data', (chunk: Buffer) => {
    partial += chunk.length;
    waiting.note(held);
    if (partial <= most) return;
    // It was refused and still sends.
    if (ws.readyState !== ws.OPEN) return ws.terminate();
    gate.strike(address, 'TOO_LARGE');
    inner.cut(new TandemError('TOO_LARGE', `a message of more than ${most} bytes came`), MESSAGE_TOO_BIG);
    // What it still sends is not read.
    ws.pause();
  });
  ws.on('message', () => {
    partial = 0;
    waiting.note(held);
  });

  const transport = new GuardedTransport(inner, {
    grant,
    holders: door.holders,
    greeted: (opening) => {
      const infers = opening.type === 'hello' && opening.role === 'infer';
      if (infers && ws.readyState === ws.OPEN) {
        const why = 'the link asked for nothing, and made way for another that asks for predictions';
        const place = gate.limits.inferLinks.enter(() => inner.cut(new TandemError('LINK_LOST', why)));
        ws.once('close', () => place.leave());
        asked = () => place.asked();
      }
      greeted = true;
      trains = !infers;
      most = SLACK_BYTES + (infers ? maxQueryBytes : maxMessageBytes);
      newcomers.leave(socket);
    },
    take: () => gate.limits.message(key),
    received: (frame) => {
      traffic.received(frame);
      if (frame[TYPE_AT] === definitions.query.code) asked();
    },
    sent: (frame) => {
      traffic.sent(frame);
      waiting.note(held);
    },
    refused: (code) => gate.strike(address, code),
  });
  const refuse = (error: TandemError) => new Link(transport).refuse(error);

  const { helloSeconds } = gate.limits.options;
  const patience = setTimeout(() => {
    if (greeted) return;
    refuse(new TandemError('TOO_SLOW', `no hello came within ${helloSeconds} seconds`, 'say hello at once'));
    setTimeout(() => ws.terminate(), LAST_WORDS_MS).unref();
  }, 1000 * helloSeconds).unref();
  const forget =
    grant &&
    liveGrants?.add(grant.subject, (error) => {
      gate.note(address, { what: 'cut', subject: grant.subject, role: grant.role, code: error.code });
      refuse(error);
    });

  ws.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code?.startsWith('WS_ERR_')) gate.strike(address, 'BAD_FRAME');
  });
  ws.on('close', () => {
    clearTimeout(patience);
    waiting.forget(held);
    forget?.();
    gate.note(address, { what: 'link-closed' });
  });
  gate.note(address, { what: 'link-opened' });
  return transport;
}
