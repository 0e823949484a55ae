import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attacks } from '../../bench/campaigns/attacks/list.js';

/** What a line of the page promises, one for each entry of a list under "Who can do what". */
function promises(page: string): string[] {
  const section = page.split('\n## Who can do what\n')[1]?.split('\n## ')[0] ?? '';
  return section.split(/\n(?=- )/).flatMap((entry) => {
    const [line = ''] = entry.split(/\n\n|\n#/);
    return line.startsWith('- ') ? [line.replace(/\s+/g, ' ')] : [];
  });
}

/** What is wrong with how a promise is shown; a test's name is a string in its file. */
function faultsOf(promise: string): string[] {
  const tests = [...promise.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+\.test\.ts)\)/g)];
  const faults = tests.flatMap(([, name = '', file = '']) => {
    if (!existsSync(file)) return [`there is no ${file}`];
    return readFileSync(file, 'utf8').includes(`'${name}'`) ? [] : [`${file} has no test '${name}'`];
  });
  const named =
    promise
      .split('; ')
      .at(-1)
      ?.matchAll(/^`([\w-]+)`|, `([\w-]+)`/g) ?? [];
  const unknown = [...named].flatMap(([, first, next]) => {
    const name = first ?? next ?? '';
    return attacks.some((attack) => attack.name === name) ? [] : [`there is no attack '${name}'`];
  });
  return [...(tests.length === 0 ? ['no test is named'] : []), ...faults, ...unknown];
}

const lines = promises(readFileSync(join('docs', 'security.md'), 'utf8'));

describe('what docs/security.md promises', () => {
  it.each(lines)('is shown by tests that exist: %s', (line) => {
    expect(faultsOf(line)).toEqual([]);
  });

  it('names every attack', () => {
    const unnamed = attacks.filter(({ name }) => !lines.some((line) => line.includes(`\`${name}\``)));
    expect(unnamed.map(({ name }) => name)).toEqual([]);
  });

  it.each([
    ['- cannot fly', ['no test is named']],
    ['- cannot fly: [flies](../test/docs/no-such.test.ts)', ['there is no test/docs/no-such.test.ts']],
    [
      '- cannot: [no test of this name](../test/docs/links.test.ts)',
      ["test/docs/links.test.ts has no test 'no test of this name'"],
    ],
    [
      '- cannot: [is of the run](../test/docs/x.test.ts); `no-such`',
      ['there is no test/docs/x.test.ts', "there is no attack 'no-such'"],
    ],
  ])('would be found to be shown by nothing: %s', (line, faults) => {
    expect(faultsOf(line)).toEqual(faults);
  });
});
