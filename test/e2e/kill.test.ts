import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { digitsFolder } from '../helpers/digits-folder.js';
import { Command, lastLine, runCommand } from '../helpers/run-cli.js';
import { wholeSuite } from '../helpers/whole-suite.js';

/** Small: what takes long in a run is the test at its end, and nothing is killed there. */
let data: string[];
beforeAll(async () => {
  data = ['--data', `idx:${await digitsFolder(768)}`];
});

const size = ['--task', 'mnist-mlp', '--clients', '2', '--steps', '60', '--round-steps', '10', '--seed', '17'];

/** A port that is free now, so that a server can come back to it. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

describe('processes that are killed', () => {
  it.runIf(wholeSuite)('go on from their state, and end with the same weights, bit for bit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-state-'));
    const port = await freePort();
    const state = (name: string) => ['--state', join(folder, name)];
    const serve = () => {
      const flags = ['--port', port, '--json', '--grace', '20', '--checkpoint-every', '7', ...state('server')];
      return new Command('serve', ...size, ...flags);
    };
    const joinAs = (index: number) => {
      const flags = [...data, '--shard', `${index}/2`, '--json', ...state(`client-${index}`)];
      return new Command('join', `ws://127.0.0.1:${port}`, ...flags);
    };
    let server = serve();
    await server.said(/at ws:/);
    let [first, second] = [joinAs(0), joinAs(1)];
    await Promise.all([first.said(/step \d/), second.said(/step \d/)]);
    // The server, then a client, then all of them, each in the middle of whatever it does.
    server.signal('SIGKILL');
    server = serve();
    await server.said(/at ws:/);
    first.signal('SIGKILL');
    first = joinAs(0);
    await first.said(/joining/);
    [server, first, second].forEach((command) => command.signal('SIGKILL'));
    [server, first, second] = [serve(), joinAs(0), joinAs(1)];
    const results = await Promise.all([server, first, second].map(({ done }) => done));
    expect(results.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0]);
    const simulated = lastLine((await runCommand('simulate', ...size, ...data, '--json')).stdout);
    expect(lastLine(results[0]?.stdout ?? '')).toMatchObject({
      weightsHash: simulated.weightsHash,
      steps: 60,
      testAccuracy: simulated.testAccuracy,
    });
    const inspected = await runCommand('inspect', join(folder, 'server'), '--json');
    const { checkpoints } = lastLine(inspected.stdout) as { checkpoints: { intact: boolean; server: unknown }[] };
    // Two, each with a copy.
    expect(checkpoints).toHaveLength(4);
    expect(checkpoints[0]).toMatchObject({ intact: true, server: { phase: 'finished', steps: 60 } });
    expect(inspected.stdout).not.toMatch(/session/);
  });

  it.runIf(wholeSuite)(
    'that are asked to stop write the run down and send clients away until they are back',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tandem-state-'));
      const [port, otherPort] = [await freePort(), await freePort()];
      const other = `ws://127.0.0.1:${otherPort}`;
      const flags = ['--json', '--state', folder, '--moved-to', other];
      const server = new Command('serve', ...size, '--port', port, ...flags);
      await server.said(/at ws:/);
      const clients = [0, 1].map(
        (index) => new Command('join', `ws://127.0.0.1:${port}`, ...data, '--shard', `${index}/2`, '--json'),
      );
      await Promise.all(clients.map((client) => client.said(/step \d/)));
      server.signal('SIGTERM');
      expect((await server.done).by).toBe('SIGTERM');
      const next = new Command('serve', ...size, '--port', otherPort, '--json', '--state', folder);
      const results = await Promise.all([next, ...clients].map(({ done }) => done));
      expect(results.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0]);
      const simulated = lastLine((await runCommand('simulate', ...size, ...data, '--json')).stdout);
      expect(lastLine(results[0]?.stdout ?? '')).toMatchObject({ weightsHash: simulated.weightsHash, steps: 60 });
    },
  );

  it('refuse a run to which nobody could come back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-state-'));
    const refused = await runCommand('serve', ...size, '--grace', '0', '--port', '0', '--state', folder);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/with --grace 0 nobody could come back/);
  });
});
