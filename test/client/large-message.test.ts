import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { connect } from '../../client/node/connect.js';

let server: WebSocketServer;
afterEach(() => new Promise((resolve) => server.close(resolve)));

it.each([105, 150])('a client takes a message of %d MiB, which a large model needs', async (mebibytes) => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => socket.send(new Uint8Array(mebibytes * 1024 * 1024)));
  await once(server, 'listening');
  const transport = await connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  for await (const { length } of transport.frames()) {
    expect(length).toBe(mebibytes * 1024 * 1024);
    break;
  }
  transport.close();
});
