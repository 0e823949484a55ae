import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Command, lastLine } from '../helpers/run-cli.js';
import { folderOf } from '../helpers/temp-files.js';
import { mixedTable } from '../helpers/own-tables.js';

describe('a task from a sample', () => {
  it('is served, and clients read tables of their own by it: what it lacks is other, counted and said', async () => {
    const strange = mixedTable(60, 8).replaceAll('nurse', 'pilot');
    const pilots = strange.split('\n').filter((line) => line.includes('pilot')).length;
    const folder = await folderOf({ 'sample.csv': mixedTable(60), 'a.csv': strange, 'b.csv': mixedTable(60, 9) });
    const save = join(folder, 'run');
    const serving = new Command(
      ...['serve', '--sample', join(folder, 'sample.csv'), '--save', save, '--clients', '2', '--epochs', '2'],
      ...['--port', '0', '--no-dashboard', '--json'],
    );
    const [, url = ''] = await serving.said(/ at (ws:\S+), waiting/);
    const clients = ['a.csv', 'b.csv'].map((file) => new Command('join', url, '--data', join(folder, file), '--json'));
    const [first, second] = await Promise.all(clients.map(({ done }) => done));
    expect(first?.code, first?.stderr).toBe(0);
    expect(first?.stderr).toContain(
      `column 'work': ${pilots} cells say words that the task does not list, taken as other`,
    );
    expect(second?.code, second?.stderr).toBe(0);
    expect(second?.stderr).not.toContain('taken as other');
    const { code, stdout, stderr } = await serving.done;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('a word of its own');
    expect(lastLine(stdout)).toMatchObject({ task: 'sample' });
  });
});
