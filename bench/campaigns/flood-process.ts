import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

/**
 * `node flood-process.js <port> <requests a second> [address]`: requests of one address, each over a socket of its own, half of them for a page and half for a link. Counts those
 * that were sent to the end; prints the counts, one line a second and one when its input ends, and ends then. Port 0 is one of its own, where each socket is closed: what the flooder itself computes, and nothing else.
 */
const [given = 0, perSecond = 0] = process.argv.slice(2, 4).map(Number);
const localAddress = process.argv[4] ?? '127.0.0.2';
/** A request that has no answer by then is given up, so that there are never more of them than this many seconds bring. */
const PATIENCE_MS = 2_000;
const port = given === 0 ? await closedPort() : given;
const host = `127.0.0.1:${port}`;
const PAGE = `GET /run.json HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const LINK = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;

/** What could not be asked in its time is left out, so that a flooder that is kept waiting does not make up for it at once. */
const MOST_AT_ONCE = perSecond / 10;

let [begun, ended, left, lastMs] = [0, 0, 0, performance.now()];
const asking = setInterval(() => {
  const nowMs = performance.now();
  left = Math.min(left + ((nowMs - lastMs) * perSecond) / 1000, MOST_AT_ONCE);
  lastMs = nowMs;
  for (; left >= 1; left--) ask(begun++ % 2 === 0 ? PAGE : LINK);
}, 10);
// Whoever started it may not have the patience to wait for its end.
const telling = setInterval(() => tell(), 1_000);
process.stdin.resume().once('end', () => {
  clearInterval(asking);
  clearInterval(telling);
  tell(() => process.exit());
});

function tell(then: () => void = () => undefined): void {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ begun, ended, cpuSeconds: (user + system) / 1_000_000 })}\n`, then);
}

async function closedPort(): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Whatever comes back is an answer; so is a server that closes. */
function ask(request: string): void {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  let isLate = false;
  socket.setTimeout(PATIENCE_MS, () => {
    isLate = true;
    socket.destroy();
  });
  socket.once('connect', () => socket.write(request));
  socket.once('data', () => socket.destroy()).on('error', () => undefined);
  socket.once('close', () => void (isLate || ended++));
}
