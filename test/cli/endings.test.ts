import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { digitsFolder } from '../helpers/digits-folder.js';
import { Command, lastLine, runCommand } from '../helpers/run-cli.js';
import { someOf, wholeSuite } from '../helpers/whole-suite.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'tandem-cli-'));
const small = ['--task', 'mnist-mlp', '--clients', '1', '--steps', '3'];
let data: string[];
beforeAll(async () => {
  data = ['--data', `idx:${await digitsFolder(130)}`];
});

describe('a place to write that is none', () => {
  it.each<[string, (taken: string) => string[]]>([
    ['compare --out', (taken) => ['compare', '--over', 'seed=3,4', '--out', taken]],
    ['join --save-model', (taken) => ['join', 'ws://127.0.0.1:9', '--data', 'mnist', '--save-model', taken]],
    ['keygen --out', (taken) => ['keygen', '--out', join(taken, 'key')]],
  ])('is found by %s before the work', async (_what, argsFor) => {
    const taken = join(await newFolder(), 'taken');
    await writeFile(taken, 'a file');
    const { code, stdout } = await runCommand(...argsFor(taken), '--json');
    expect(lastLine(stdout)).toMatchObject({
      error: { code: 'CANNOT_WRITE', message: expect.stringContaining(taken) as string },
    });
    expect(code).toBe(1);
  });

  it.runIf(wholeSuite)('at the end costs the exit code, and not the result', async () => {
    const folder = join(await newFolder(), 'run');
    // With all of MNIST to test on, so that its end is far enough away.
    const command = new Command('simulate', ...small, '--limit', '70', '--json', '--save', folder);
    await command.said(/client 0 joined/);
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file');
    const { code, stdout, stderr } = await command.done;
    expect(lastLine(stdout)).toMatchObject({ steps: 3, error: { code: 'CANNOT_WRITE' } });
    expect(stderr).toContain(`cannot write ${folder}`);
    expect(code).toBe(1);
  });
});

describe('output whose reader goes away', () => {
  it.runIf(wholeSuite)('ends, and no run does', async () => {
    const server = new Command('serve', ...small, '--port', '0', '--json');
    const [, url = ''] = await server.said(/at (ws:\S+),/);
    server.closeOutput('stderr');
    const joined = await runCommand('join', url, ...data, '--json');
    expect(joined.code).toBe(0);
    const { code, stdout } = await server.done;
    expect(code).toBe(0);
    expect(lastLine(stdout)).toMatchObject({ steps: 3 });
  });

  it.each([[['--help']], [['simulate', '--task', 'nope', '--json']]])('is no error of %j', async (args) => {
    const command = new Command(...args);
    command.closeOutput('stdout');
    const { stderr } = await command.done;
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
  });
});

describe('a signal', () => {
  it('that kills a command ends every wait for what it would say', async () => {
    const command = new Command('serve', '--port', '0');
    const waits = [/never said/, /nor this/].map((pattern) => command.said(pattern));
    command.signal('SIGKILL');
    await Promise.all(waits.map((wait) => expect(wait).rejects.toThrow(/ended without saying/)));
    await expect(command.said(/too late/)).rejects.toThrow(/ended without saying/);
  });

  it.each<[NodeJS.Signals, RegExp]>(
    someOf(
      [
        ['SIGHUP', /SIGHUP \(the terminal has gone away\): ending in order/],
        ['SIGTERM', /SIGTERM: ending in order/],
      ],
      1,
    ),
  )('%s ends a server in order, and is what it ended by', async (signal, word) => {
    const server = new Command('serve', '--task', 'mnist-mlp', '--port', '0', '--json');
    await server.said(/at ws:/);
    server.signal(signal);
    const { code, by, stdout, stderr } = await server.done;
    expect([code, by]).toEqual([null, signal]);
    expect(stderr).toMatch(word);
    expect(lastLine(stdout)).toMatchObject({ error: { code: 'CANCELLED' } });
  });

  it('that comes a second time ends a command at once, but not as the same Ctrl-C twice', async () => {
    const command = new Command('simulate', ...small, ...data, '--dashboard', '--keep');
    await command.said(/stays until Ctrl-C/);
    command.signal('SIGINT');
    command.signal('SIGINT');
    const { code, stdout } = await command.done;
    expect(code).toBe(0);
    expect(stdout).toContain('weights hash');
  });

  it('ends a command that has nothing to put in order with a word', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const asked = new Promise((resolve) => silent.once('connection', resolve));
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const command = new Command('predict', `ws://127.0.0.1:${port}`, ...data, '--json');
    await asked;
    command.signal('SIGINT');
    const { code, stdout } = await command.done;
    silent.close();
    expect(code).toBe(130);
    expect(lastLine(stdout)).toMatchObject({ error: { code: 'CANCELLED' } });
  });
});

describe('a wrong use', () => {
  it('is told as JSON where that was asked for', async () => {
    const { code, stdout } = await runCommand('verify', '--stepz', '3', '--json');
    expect(code).toBe(2);
    expect(lastLine(stdout)).toMatchObject({
      error: { code: 'BAD_OPTION', message: expect.stringContaining('--stepz') as string },
    });
  });
});
