import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digitsFolder } from '../helpers/digits-folder.js';
import { lastLine, runCommand, runTellingLoaded } from '../helpers/run-cli.js';
import { someOf, wholeSuite } from '../helpers/whole-suite.js';

/** Half a second of everybody's time, each time. */
const LOADED_NOTHING = 'loaded: nothing that computes\n';

type Refusal = [what: string, code: number, line: RegExp, args: string[]];

/** What is refused without looking at a model. */
const atOnce: readonly Refusal[] = [
  ['an unknown task', 2, /unknown task 'nope': use mnist, mnist-mlp/, ['simulate', '--task', 'nope']],
  ['a task file that is not there', 2, /there is no task file at .*nope\.js/, ['serve', '--task', './nope.js']],
  ['an unknown flag', 2, /unknown option '--stepz'\n\(Did you mean --steps\?\)/, ['verify', '--stepz', '3']],
  ['a number that is none', 2, /'--steps <n>' argument 'many' is invalid/, ['verify', '--steps', 'many']],
  ['zero clients', 2, /whole number of at least 1/, ['simulate', '--clients', '0']],
  ['an unknown schedule', 2, /Allowed choices are sequential, .*centralised/, ['simulate', '--schedule', 'x']],
  ['runs that differ in their task', 2, /'task' cannot differ between runs/, ['compare', '--over', 'task=mnist']],
  ['a variation that is none', 2, /Allowed choices are/, ['compare', '--over', 'schedule=sequential,x']],
  [
    'a schedule without a server',
    2,
    /has no server: run it with: tandem simulate/,
    ['serve', '--schedule', 'centralised'],
  ],
  ['a port that is none', 2, /from 0 to 65535/, ['serve', '--port', '99999']],
  ['no data', 2, /required option '--data <data>' not specified/, ['join', 'ws://127.0.0.1:1']],
  ['data that are not there', 1, /cannot read nowhere\.csv/, ['join', 'ws://127.0.0.1:9', '--data', 'nowhere.csv']],
  ['a wrong address', 2, /is not a WebSocket address: give one like ws:/, ['join', 'localhost:80', '--data', 'mnist']],
  ['the same elsewhere', 2, /'ws:8080' is not a WebSocket address/, ['relay', '--server', 'ws:8080']],
  [
    'a shard that is none',
    2,
    /It must be like 0\/3/,
    ['join', 'ws://127.0.0.1:9', '--data', 'mnist', '--shard', '3/3'],
  ],
  ['a folder without a run', 1, /holds no saved run: save one with/, ['export', '/nowhere']],
  ['no such command', 2, /unknown command 'sirve'/, ['sirve']],
];

/** What a model, an engine or a link has to be there for. */
const later: readonly Refusal[] = [
  ['a bad cut', 1, /no layer 'pool9': cut at one of: conv1, pool1/, ['simulate', '--cut', 'pool9']],
  ['a bad cut in verify', 1, /no layer 'pool9'/, ['verify', '--cut', 'pool1,pool9']],
  ['an unknown partition', 2, /use iid, shards:N or dirichlet:ALPHA/, ['simulate', '--partition', 'shards:x']],
  ['data that are not there', 1, /cannot read nowhere\.csv: it is not there/, ['simulate', '--data', 'nowhere.csv']],
  [
    'a port where nobody answers',
    1,
    /no Tandem server answers at ws:.*:9: check/,
    ['relay', '--server', 'ws://127.0.0.1:9'],
  ],
];

describe('every command', () => {
  it.each(
    someOf(
      [
        'serve',
        'join',
        'relay',
        'simulate',
        'predict',
        'verify',
        'compare',
        'download',
        'export',
        'inspect',
        'keygen',
        'invite',
      ],
      3,
    ),
  )('%s explains itself with an example', async (name) => {
    const { code, stdout, stderr } = await runTellingLoaded(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Example:\\n\\s+\\$ tandem ${name === 'export' ? 'simulate' : name}`));
    expect(stdout).toMatch(/--json/);
    expect(stderr).toBe(LOADED_NOTHING);
  });

  it.each(someOf(atOnce, 5))(
    'says in one line, and at once, what to do about %s',
    async (_what, expected, line, args) => {
      const { code, stderr } = await runTellingLoaded(...args);
      expect(stderr).toMatch(line);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(stderr.endsWith(LOADED_NOTHING), stderr).toBe(true);
      expect(code).toBe(expected);
    },
  );

  it.each(someOf(later, 2))('says in one line what to do about %s', async (_what, expected, line, args) => {
    const { code, stderr } = await runTellingLoaded(...args);
    expect(stderr).toMatch(line);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr).toMatch(/loaded: .*@tensorflow\/tfjs/);
    expect(code).toBe(expected);
  });

  it('says that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await runCommand('serve', '--port', String(port), '--task', 'mnist-mlp');
    expect(stderr).toMatch(/the port is taken: choose another --port or --host/);
    expect(code).toBe(2);
    other.close();
  });

  it('prints a refusal as JSON where JSON was asked for', async () => {
    const { stdout } = await runCommand('verify', '--task', 'nope', '--json');
    expect(lastLine(stdout)).toMatchObject({ error: { code: 'BAD_OPTION', message: "unknown task 'nope'" } });
  });
});

describe('verify', () => {
  it('finds the divided model identical', async () => {
    const { code, stdout } = await runCommand(
      'verify',
      '--task',
      'mnist',
      '--steps',
      '5',
      '--engine',
      'tfjs',
      '--json',
    );
    expect(lastLine(stdout)).toEqual({
      steps: 5,
      segments: 2,
      maxAbsWeightDiff: 0,
      maxAbsGradientDiff: 0,
      identical: true,
    });
    expect(code).toBe(0);
  });

  it.runIf(wholeSuite)('says which flags have no bearing on one client, and refuses none of them for it', async () => {
    const flags = ['--steps', '2', '--limit', '131', '--clients', '1', '--aggregation', 'median'];
    const { code, stderr } = await runCommand('verify', '--task', 'mnist-mlp', ...flags);
    expect(stderr).toContain('clients, aggregation has no bearing on verify');
    expect(code).toBe(0);
  });
});

describe('a run that is tested on its way', () => {
  it('says what each test came to, in one line', async () => {
    const flags = ['--clients', '2', '--epochs', '2', '--evaluate-every', '1', '--json'];
    const data = ['--data', `idx:${await digitsFolder(130)}`];
    const { code, stdout, stderr } = await runCommand('simulate', '--task', 'mnist-mlp', ...data, ...flags);
    expect(code).toBe(0);
    const lines = stderr.split('\n').filter((line) => /after round \d: test loss [\d.]+, accuracy [\d.]+$/.test(line));
    expect(lines).toHaveLength(2);
    expect(stderr).not.toContain('{');
    expect(lastLine(stdout).evaluations).toMatchObject([{ round: 1 }, { round: 2 }]);
  });
});

describe('a saved run', () => {
  it.runIf(wholeSuite)('is exported as a model that plain tfjs loads', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-'));
    const data = ['--data', `idx:${await digitsFolder(300)}`];
    const flags = ['--task', 'mnist-norm', '--epochs', '1', '--save', folder, '--json'];
    const run = await runCommand('simulate', ...data, ...flags);
    expect(run.code).toBe(0);
    const { code, stdout } = await runCommand('export', folder, '--out', join(folder, 'model'), '--json');
    expect(code).toBe(0);
    expect(lastLine(stdout)).toMatchObject({ weightsHash: lastLine(run.stdout).weightsHash });
    const { format, weightsManifest } = JSON.parse(await readFile(join(folder, 'model', 'model.json'), 'utf8')) as {
      format: string;
      weightsManifest: { paths: string[] }[];
    };
    expect(format).toBe('layers-model');
    expect(weightsManifest[0]?.paths).toEqual(['weights.bin']);
  });
});
