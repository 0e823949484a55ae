import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitHelp, exitTable } from '../../cli/exit-codes.js';
import { openAddress } from '../../cli/join-link.js';
import { exitCodeOf } from '../../cli/outcome.js';
import { aboveZero, atLeastOne, portNumber, secondsFromZero, share, wholeNumber } from '../../cli/run-options.js';
import { refusals, type RefusalCode } from '../../shared/refusals.js';

describe('exit codes', () => {
  it('are the same in the help and in the docs', async () => {
    const page = await readFile(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
    const section = page.split('## Errors and exit codes')[1]?.split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| (\d[^|]*?) +\| (.*?) +\|$/gm)].map(([, code, when]) => [code, when]);
    expect(rows).toEqual(exitTable);
    for (const [code] of exitTable) expect(exitHelp()).toContain(`  ${code}`);
  });

  it('are all that an error ends with', () => {
    const known = exitTable.map(([code]) => code.split(',')[0]);
    const codes = Object.keys(refusals).map((code) => String(exitCodeOf(code as RefusalCode)));
    expect(codes.filter((code) => !known.includes(code))).toEqual([]);
  });
});

describe('a number of a flag', () => {
  it.each<[(text: string) => number, string, RegExp]>([
    [atLeastOne, '0', /whole number of at least 1/],
    [atLeastOne, '-3', /whole number of at least 1/],
    [wholeNumber, '', /whole number of at least 0/],
    [wholeNumber, '0x10', /whole number of at least 0/],
    [portNumber, '65536', /from 0 to 65535/],
    [share, '0', /above 0, up to 1/],
    [secondsFromZero, '86400', /below a day/],
    [aboveZero, ' ', /above 0/],
  ])('is told by what it may be', (parse, text, message) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
    expect(() => parse(text)).toThrow(message);
  });

  it('is taken as people write it', () => {
    expect([wholeNumber('0'), wholeNumber('1e3'), aboveZero('.5'), secondsFromZero('0')]).toEqual([0, 1000, 0.5, 0]);
  });
});

it.each([
  ['ws://0.0.0.0:8080', 'ws://192.168.1.5:8080'],
  ['wss://[::]:9443', 'wss://192.168.1.5:9443'],
  ['ws://127.0.0.1:8080', 'ws://127.0.0.1:8080'],
  ['https://train.example/tandem/', 'https://train.example/tandem/'],
])('the address %s is told as %s, which somebody can open', (listening, told) => {
  expect(openAddress(listening, ['192.168.1.5'])).toBe(told);
});
