import type { Server, Socket } from 'node:net';

/** Hands each new socket on to those who listen for it now if `takes` takes it; otherwise it is closed and nothing was made for it. */
export function handFirst(server: Server, takes: (socket: Socket) => boolean): void {
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (!takes(socket)) return void socket.destroy();
    for (const listener of listeners) listener.call(server, socket);
  });
}
