import { constants, setPriority } from 'node:os';
import { HostileSockets, hostileKinds } from './hostile-sockets.js';

/**
 * `node hostile-process.js <port> <sockets> <largest message> [kinds]`: hostile sockets in a process of their own, of the lowest priority, so
 * that what they compute is not counted as what they cost the server. Ends when its input does, and says how often each kind came in.
 */
const [port = 0, count = 0, maxMessageBytes = 0] = process.argv.slice(2, 5).map(Number);
const named = process.argv[5]?.split(',');
const kinds = hostileKinds.filter((kind) => named?.includes(kind) ?? true);
setPriority(constants.priority.PRIORITY_LOW);
const attack = new HostileSockets({ port, count, maxMessageBytes, returnAfterMs: 5_000, kinds });
attack.start();
process.stdin.resume().once('end', () => {
  attack.stop();
  process.stdout.write(JSON.stringify({ opened: attack.opened, cut: attack.cut }), () => process.exit());
});
