import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { encodeMessage } from '../../../shared/protocol/message-codec.js';
import { holds, type Attack } from './attack.js';
import { against, honest, pause } from './attacked-server.js';
import { Attacker } from './attacker.js';

const ESCAPE = '\u001b';

async function forge(url: string, reached = () => undefined as void): Promise<void> {
  const one = await Attacker.join(url, 'train', { engine: `onnx${ESCAPE}[2J\r\n[00:00:00] INFO: forged by engine` });
  one.say({ type: 'ready', samples: 16, testSamples: 0 });
  await pause(0.3);
  one.leave();
  const other = await Attacker.join(url);
  other.say({ type: 'ready', samples: 16, testSamples: 0 });
  reached();
  const message = `${ESCAPE}]0;owned\u0007 gone\nforged by error`;
  other.say({ type: 'error', code: 'X', message, action: '', step: null });
  await pause(0.3);
}

/** A server that refuses with a text of its own: what a client makes of it. */
async function refusedBy(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const said = { message: `${ESCAPE}]0;owned\u0007${ESCAPE}[2J`, action: 'x\nforged by server' };
  server.on('connection', (socket) => {
    socket.on('message', () => {
      socket.send(encodeMessage({ type: 'error', code: 'RUN_OVER', ...said, step: null }));
      socket.close(4410, 'RUN_OVER');
    });
  });
  const end = await honest(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, 8);
  server.close();
  return end;
}

export const forgedLines: Attack = {
  name: 'forged-lines',
  promise: "the other side's text is shown on one line, without what a terminal obeys",
  flags: ['--clients', '2'],
  client: (url, reached) => forge(url, reached),
  run: async () => {
    const log = await against(forgedLines.flags, async (server) => {
      await forge(server.url);
      await pause(0.5);
      return server.log;
    });
    const answer = await refusedBy();
    return [
      holds(!/^\[00:00:00\] INFO: forged/m.test(log), "hello.engine in the server's log"),
      holds(!/^forged by error/m.test(log), "error.message in the server's log"),
      holds(!log.includes(ESCAPE), "escape sequences in the server's log"),
      holds(!answer.includes(ESCAPE) && !answer.includes('\n'), "a server's text at the client"),
    ];
  },
};
