import { connect } from 'node:net';

export interface UpgradeRequest {
  readonly port: number;
  readonly ticket?: string;
  /** As a script of a page would send the ticket. */
  readonly asSubprotocol?: boolean;
  readonly origin?: string;
}

/** Asks for a WebSocket with a socket of its own, and returns the status line and the body that came back. */
export function rawUpgrade({ port, ticket, asSubprotocol = false, origin }: UpgradeRequest): Promise<string> {
  const lines = [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(ticket !== undefined && !asSubprotocol ? [`Authorization: Bearer ${ticket}`] : []),
    ...(ticket !== undefined && asSubprotocol ? [`Sec-WebSocket-Protocol: tandem, tandem.ticket.${ticket}`] : []),
    ...(origin === undefined ? [] : [`Origin: ${origin}`]),
  ];
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.startsWith('HTTP/1.1 101')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

export function wasAccepted(answer: string): boolean {
  return answer.startsWith('HTTP/1.1 101');
}
