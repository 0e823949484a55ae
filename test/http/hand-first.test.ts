import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { handFirst } from '../../server/http/hand-first.js';

/** What Node's own server of HTTP hangs on a socket. */
const isParsed = (socket: Socket) => Boolean((socket as Socket & { parser?: unknown }).parser);

it.each([
  ['every other one', (count: number) => count % 2 === 0],
  ['all but the third', (count: number) => count === 2],
  ['none', () => false],
])('a socket that is not taken costs no parser of HTTP: %s is', (_, isTaken) => {
  const server = createServer();
  let count = 0;
  handFirst(server, () => isTaken(count++));
  const sockets = Array.from({ length: 5 }, () => new Socket());
  for (const socket of sockets) server.emit('connection', socket);
  const expected = sockets.map((_, at) => isTaken(at));
  expect(sockets.map(isParsed)).toEqual(expected);
  expect(sockets.map(({ destroyed }) => !destroyed)).toEqual(expected);
  sockets.forEach((socket) => socket.destroy());
});

it('nor is TLS set up for it', () => {
  const server = createTlsServer();
  const [listener] = server.listeners('connection');
  expect(listener).toBeDefined();
  const handed: Socket[] = [];
  server.removeAllListeners('connection').on('connection', (socket: Socket) => void handed.push(socket));
  let count = 0;
  handFirst(server, () => count++ === 1);
  const [refused, taken] = [new Socket(), new Socket()];
  for (const socket of [refused, taken]) server.emit('connection', socket);
  expect(handed).toEqual([taken]);
  expect(refused.destroyed).toBe(true);
});
