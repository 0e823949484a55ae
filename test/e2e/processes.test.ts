import { beforeAll, describe, expect, it } from 'vitest';
import { digitsFolder } from '../helpers/digits-folder.js';
import { Command, lastLine, runCommand } from '../helpers/run-cli.js';
import { wholeSuite } from '../helpers/whole-suite.js';

/** Whole batches for two clients and for three. */
let data: string[];
beforeAll(async () => {
  data = ['--data', `idx:${await digitsFolder(768)}`];
});

const size = ['--steps', '30', '--seed', '17'];

function joinShard(url: string, shard: string, ...more: string[]): Command {
  return new Command('join', url, ...data, '--shard', shard, '--json', ...more);
}

async function serveMlp(...more: string[]): Promise<{ server: Command; url: string }> {
  const server = new Command(
    'serve',
    '--task',
    'mnist-mlp',
    '--port',
    '0',
    '--clients',
    '3',
    '--json',
    ...size,
    ...more,
  );
  const [, url = ''] = await server.said(/at (ws:\S+),/);
  return { server, url };
}

describe('a server and three clients as four processes', () => {
  it('end with the same weights, bit for bit and byte for byte, as the simulation', async () => {
    const { server, url } = await serveMlp();
    // Not in the order of their shards: the result must not depend on who comes first.
    const clients = ['2/3', '0/3', '1/3'].map((shard) => joinShard(url, shard));
    const results = await Promise.all([server, ...clients].map((command) => command.done));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const [served, ...joined] = results.map(({ stdout }) => lastLine(stdout));
    const simulated = await runCommand('simulate', '--task', 'mnist-mlp', '--clients', '3', '--json', ...data, ...size);
    const { seconds: _, samplesPerSecond: __, bytes, ...expected } = lastLine(simulated.stdout);
    // How often a link is asked for a sign of life depends on time, on nothing else.
    const { link: ___, ...trained } = bytes as Record<string, number>;
    expect(served).toMatchObject({ ...expected, bytes: trained });
    expect(served).toMatchObject({ clients: 3, seed: 17, steps: 30, samples: 30 * 64, transport: 'websocket' });
    expect(served?.weightsHash).toMatch(/^[0-9a-f]{64}$/);
    const totals = joined.map((client) => (client.bytes as { total: number }).total);
    expect(totals.reduce((sum, total) => sum + total, 0)).toBe((served?.bytes as { total: number }).total);
    for (const client of joined) {
      expect(Object.keys(client).sort()).toEqual(['bytes', 'client', 'run', 'samples', 'seconds', 'steps']);
      expect(client).toMatchObject({ steps: 10, samples: 640 });
    }
  });

  it.runIf(wholeSuite)(
    'go on without a client that is killed, which fails with --strict, and turn away who does not fit',
    async () => {
      const { server, url } = await serveMlp('--round-steps', '5', '--grace', '0.3', '--strict');
      const stays = joinShard(url, '0/3');
      await server.said(/client 0 joined/);
      const refused = await Promise.all([
        joinShard(url, '0/3').done,
        joinShard(url, '1/4').done,
        runCommand('join', url, '--data', new URL('wrong-shape.csv', import.meta.url).pathname),
      ]);
      expect(refused.map(({ code }) => code)).toEqual([1, 2, 1]);
      expect(refused[0]?.stderr).toMatch(/shard 0\/3 has already joined: join with another shard/);
      expect(refused[1]?.stderr).toMatch(/shard 1\/4, the run has 3 clients: join with --shard 0\/3 to 2\/3/);
      expect(refused[2]?.stderr).toMatch(/input '\w+' is float32 \[5, 2\], expected float32 \[5, 28, 28, 1\]/);
      const others = [joinShard(url, '1/3'), joinShard(url, '2/3')];
      await Promise.all([server.said(/client 1 joined/), server.said(/client 2 joined/)]);
      others[1]?.signal('SIGKILL');
      const results = await Promise.all([server, stays, others[0] ?? stays].map((command) => command.done));
      expect(results.map(({ code }) => code)).toEqual([1, 0, 0]);
      expect(results[0]?.stderr).toMatch(/1 client was lost, and --strict asks for all: .* \(CLIENT_LOST\)/);
      expect(lastLine(results[0]?.stdout ?? '')).toMatchObject({ steps: expect.any(Number) as number });
      expect(results[0]?.stderr).toMatch(/client 2 was lost: the client did not come back within 0.3 s/);
    },
  );

  it.runIf(wholeSuite)('stop at Ctrl-C with a sentence and their own exit code', async () => {
    const { server, url } = await serveMlp();
    const client = joinShard(url, '0/3');
    await server.said(/client 0 joined/);
    server.signal('SIGINT');
    const [served, joined] = await Promise.all([server.done, client.done]);
    expect(served.code).toBe(130);
    expect(served.stderr).toMatch(/tandem: the server is shutting down/);
    expect(joined.stderr).toMatch(/the server refused: the server is shutting down/);
    expect(joined.code).not.toBe(0);
    expect(lastLine(joined.stdout)).toMatchObject({ error: { code: 'CANCELLED' } });
  });
});

describe('a server, a relay and two clients as four processes', () => {
  it.runIf(wholeSuite)('end with the same weights as the simulation, and the relay with what it has done', async () => {
    const run = ['--task', 'mnist-mlp', '--topology', 'multi-hop', '--clients', '2', '--steps', '12', '--seed', '17'];
    const server = new Command('serve', '--port', '0', '--json', ...run);
    const [, above = ''] = await server.said(/at (ws:\S+),/);
    const relay = new Command('relay', '--server', above, '--port', '0', '--json');
    const [, url = ''] = await relay.said(/at (ws:\S+) to .*holding hidden2/);
    const clients = ['1/2', '0/2'].map((shard) => joinShard(url, shard));
    const results = await Promise.all([server, relay, ...clients].map((command) => command.done));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const [served, relayed, ...joined] = results.map(({ stdout }) => lastLine(stdout));
    const simulated = await runCommand('simulate', '--json', ...data, ...run);
    // A simulated session ends with its link, so nothing is spent on its outliving it.
    const { weightsHash, bytes: simulatedBytes } = lastLine(simulated.stdout);
    const bytes = { ...(simulatedBytes as object), link: expect.any(Number) as number };
    expect(served).toMatchObject({ topology: 'multi-hop', weightsHash, bytes });
    expect(relayed).toMatchObject({ task: 'mnist-mlp', clients: 2, steps: 12, samples: 12 * 64, bytesAbove: bytes });
    const totals = joined.map((client) => (client.bytes as { total: number }).total);
    expect((relayed?.bytesBelow as { total: number }).total).toBe(totals.reduce((sum, total) => sum + total, 0));
  });

  it.runIf(wholeSuite)('end with a reason when the relay is stopped', async () => {
    const server = new Command(
      'serve',
      '--task',
      'mnist-mlp',
      '--topology',
      'multi-hop',
      '--port',
      '0',
      '--clients',
      '2',
    );
    const [, above = ''] = await server.said(/at (ws:\S+),/);
    const relay = new Command('relay', '--server', above, '--port', '0', '--json');
    const [, url = ''] = await relay.said(/at (ws:\S+) to/);
    const client = joinShard(url, '0/2');
    await relay.said(/client 0 joined/);
    relay.signal('SIGINT');
    const [relayed, joined] = await Promise.all([relay.done, client.done]);
    expect(relayed.code).toBe(130);
    expect(lastLine(relayed.stdout)).toMatchObject({ error: { code: 'CANCELLED' } });
    expect(joined.stderr).toMatch(/the server refused: the relay is shutting down/);
    // The server goes on: it still waits for its clients.
    await server.said(/client 0 left: the relay is shutting down/);
    server.signal('SIGINT');
    expect((await server.done).code).toBe(130);
  });
});
