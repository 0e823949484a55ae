import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../server/observe/metrics.js';
import { Readiness } from '../../server/observe/readiness.js';
import { runCommand } from '../helpers/run-cli.js';

const text = readFileSync('docs/operations.md', 'utf8');

describe('docs/operations.md', () => {
  it('explains every metric there is, and no other, and what to do about it', async () => {
    const { registry } = new Metrics({ readiness: new Readiness(), waitingBytes: () => 0 });
    const rows = [...text.matchAll(/^\| `((?:tandem|process)_\w+)` +\| (.*?) +\| (.*?) +\|$/gm)];
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    expect(rows.map(([, name]) => name).sort()).toEqual(names.sort());
    for (const [, name, meaning = '', advice = ''] of rows) {
      expect(meaning.length, name).toBeGreaterThan(5);
      expect(advice.length, name).toBeGreaterThan(10);
    }
  });

  it('has a unit file whose flags there are', async () => {
    const { stdout } = await runCommand('serve', '--help');
    const known = new Set(stdout.match(/--[a-z-]+/g));
    const unit = readFileSync('examples/deploy/tandem.service', 'utf8');
    const used = /ExecStart=[^]*?\n(?=\w)/.exec(unit)?.[0].match(/--[a-z-]+/g) ?? [];
    expect(used.length).toBeGreaterThan(8);
    expect(used.filter((flag) => !known.has(flag))).toEqual([]);
    for (const file of ['nginx.conf', 'haproxy.cfg', 'Caddyfile', 'apache.conf']) {
      const [command = ''] = /^# tandem serve .*$/m.exec(readFileSync(`examples/deploy/${file}`, 'utf8')) ?? [];
      const flags = command.match(/--[a-z-]+/g) ?? [];
      expect(flags.length, file).toBeGreaterThan(3);
      expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
    }
  });
});
