import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { TandemError } from '../../shared/errors.js';
import { findTask } from '../../shared/tasks/find-task.js';
import { simulate } from '../../simulator/simulate.js';
import { madeUpDigits } from '../helpers/digits.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { Command, lastLine, runCommand } from '../helpers/run-cli.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const SMALL = ['simulate', '--task', 'mnist-mlp', '--clients', '2', '--steps', '9', '--json'];
beforeAll(async () => {
  SMALL.push('--data', `idx:${await digitsFolder(300)}`);
});

describe('the dashboard of a simulation', () => {
  it('stays after the run until Ctrl-C, which is no failure then', async () => {
    const command = new Command(...SMALL, '--dashboard', '--keep');
    const [, url = ''] = await command.said(/look at the run: (http:\S+)/);
    await command.said(/the run is over; its dashboard stays until Ctrl-C/);
    expect(await (await fetch(url)).text()).toContain('<title>Tandem</title>');
    expect((await fetch(new URL('/watch', url))).ok).toBe(true);
    command.signal('SIGINT');
    const { code, stdout } = await command.done;
    expect(code).toBe(0);
    expect(lastLine(stdout)).toMatchObject({ steps: 9, transport: 'websocket' });
  });

  it.runIf(wholeSuite)('closes with the run otherwise, and the run is the same', async () => {
    const [shown, plain] = await Promise.all([runCommand(...SMALL, '--dashboard', '0'), runCommand(...SMALL)]);
    expect(shown.code).toBe(0);
    const [, url = ''] = /look at the run: (http:\S+)/.exec(shown.stderr) ?? [];
    await expect(fetch(url)).rejects.toThrow();
    expect(lastLine(shown.stdout).weightsHash).toBe(lastLine(plain.stdout).weightsHash);
    expect(plain.stderr).not.toContain('look at the run');
  });

  it('stays after a run that fails, too', async () => {
    const task = { ...findTask('mnist-mlp'), optimizer: { kind: 'sgd', learningRate: 1e5 } as const };
    let [url, seen] = ['', ''];
    const failing = simulate({
      task,
      data: madeUpDigits(480),
      epochs: 2,
      batch: 32,
      dashboard: 0,
      onDashboard: (address) => (url = address),
      beforeClosing: async (outcome) => {
        if (outcome instanceof TandemError) seen = `${outcome.code} ${(await fetch(new URL('/watch', url))).status}`;
      },
    });
    await expect(failing).rejects.toMatchObject({ code: 'BAD_VALUE' });
    expect(seen).toBe('BAD_VALUE 200');
  });

  it.runIf(wholeSuite)('says what to do about a port that is taken, and about nothing to keep', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const taken = await runCommand(...SMALL, '--dashboard', `${port}`);
    other.close();
    expect(taken.stderr).toMatch(/the port is taken: give --dashboard another port, or none for a free one/);
    expect((await runCommand(...SMALL, '--keep')).stderr).toMatch(/there is none: give --dashboard, too/);
  });
});
