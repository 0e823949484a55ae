import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

/** A reverse proxy as operators set them up: gives a server a path, takes it off, and says for whom it asks. It has nothing else. */
export class StrippingProxy {
  /** What was asked for beside the path, which a page with wrong addresses does. */
  readonly astray: string[] = [];

  private constructor(
    private readonly server: Server,
    private readonly path: string,
  ) {}

  static async start(target: number, path: string): Promise<StrippingProxy> {
    const server = createServer();
    const proxy = new StrippingProxy(server, path);
    const headersOf = ({ headers, socket }: IncomingMessage) => ({
      ...headers,
      host: `127.0.0.1:${target}`,
      'x-forwarded-host': headers.host,
      'x-forwarded-for': socket.remoteAddress,
    });
    server.on('request', (asked, answer) => {
      const stripped = proxy.strip(asked);
      if (stripped === undefined) return void answer.writeHead(404).end();
      const options = { port: target, path: stripped, method: asked.method, headers: headersOf(asked) };
      asked.pipe(
        request(options, (given) => {
          answer.writeHead(given.statusCode ?? 500, given.headers);
          given.pipe(answer);
        }),
      );
    });
    server.on('upgrade', (asked, socket, head: Buffer) => {
      const stripped = proxy.strip(asked);
      if (stripped === undefined) return void socket.destroy();
      const above = connect(target, '127.0.0.1');
      const lines = Object.entries(headersOf(asked)).map(([name, value]) => `${name}: ${String(value)}`);
      above.write([`GET ${stripped} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
      above.write(head);
      above.pipe(socket).pipe(above);
      for (const end of [above, socket]) end.on('error', () => [above, socket].forEach((other) => other.destroy()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private strip({ url = '' }: IncomingMessage): string | undefined {
    if (url.startsWith(this.path)) return `/${url.slice(this.path.length)}`;
    // A browser asks every server for an icon.
    if (url !== '/favicon.ico') this.astray.push(url);
    return undefined;
  }
}
