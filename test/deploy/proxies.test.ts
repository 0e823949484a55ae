import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { DeployedProxy, isInstalled, proxyNames, type ProxyName } from '../../bench/campaigns/deployed-proxy.js';
import { download } from '../../client/node/download.js';
import { Entrance } from '../../client/node/connect.js';
import type { RunningServer, ServeOptions } from '../../server/serve.js';
import { Site } from '../entry/site.js';

const site = new Site();
let proxy: DeployedProxy | undefined;
afterEach(() => proxy?.down());

async function deploy(name: ProxyName, options: Partial<ServeOptions>): Promise<[RunningServer, DeployedProxy]> {
  // As the first lines of the examples say; the port of the proxy is not known before, so its name alone is.
  const server = await site.open({ entry: site.entry, trustProxy: true, ...options });
  proxy = await DeployedProxy.start(name, server.port, join(site.folder, name));
  return [server, proxy];
}

/** A request through the proxy; redirections are told, not followed. */
function ask({ port, ca }: DeployedProxy, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; location: string | undefined; body: string }>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers, ca: readFileSync(ca) };
    request(options, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, body }));
    })
      .on('error', reject)
      .end();
  });
}

describe.each(proxyNames)('behind %s, as examples/deploy sets it up, with TLS and a path', (name) => {
  const here = it.skipIf(!isInstalled(name));

  here('two invited clients train what they train without, and take the model', async () => {
    const train = async (server: RunningServer, url: string, ca?: string) => {
      const parts = [0, 1].map(async (index) => {
        const shard = [index, 2] as const;
        const invite = await site.invited('train', [...shard]);
        const entrance = await Entrance.open({ invite, ...(ca === undefined ? {} : { ca }) });
        await site.train(url, { entrance, shard });
        return entrance;
      });
      const [entrance] = await Promise.all(parts);
      return { entrance, hash: (await server.finished).summary.weightsHash };
    };
    const [server, through] = await deploy(name, { clients: 2, shareModel: true });
    const { entrance, hash } = await train(server, through.url, through.ca);
    const { weights } = await download(through.url, entrance ? { entrance } : {});
    expect(weights.byteLength).toBeGreaterThan(200);
    const direct = await site.open({ entry: site.entry, clients: 2 });
    expect(hash).toBe((await train(direct, direct.url)).hash);
  });

  here('pages are where they should be, and say for whom they are asked', async () => {
    const [server, through] = await deploy(name, {});
    const origin = `https://127.0.0.1:${through.port}`;
    expect((await ask(through, '/tandem/join')).body).toContain('src="join/page.js"');
    expect((await ask(through, '/tandem/join/page.js', { origin })).status).toBe(200);
    expect((await ask(through, '/tandem/run.json', { origin: 'https://evil.test' })).status).toBe(403);
    const { status, location } = await ask(through, '/tandem');
    expect(status).toBe(301);
    expect(new URL(location ?? '', origin).pathname).toBe('/tandem/');
    // Not this machine, though the proxy is.
    expect((await ask(through, '/tandem/metrics')).status).toBe(401);
    // A page's own link is refused for its ticket, not for its origin.
    const status401 = await new Promise((resolve) => {
      const socket = new WebSocket(through.url, ['tandem', 'tandem.ticket.x'], {
        origin,
        ca: readFileSync(through.ca),
      });
      socket.on('error', () => undefined).on('unexpected-response', (_, answer) => resolve(answer.statusCode));
    });
    expect(status401).toBe(401);
    await server.close();
  });
});
