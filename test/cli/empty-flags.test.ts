import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { refuseEmptyFlags } from '../../cli/refuse-empty.js';

/** What a command makes of its flags: their values, or what it says of them. */
async function given(...args: string[]): Promise<unknown> {
  let said = '';
  let values: unknown;
  const program = refuseEmptyFlags(new Command('tandem').exitOverride());
  program.configureOutput({ writeErr: (text) => void (said += text) });
  program
    .command('keep [what]')
    .option('--save <folder>', 'where')
    .option('--out <folder>', 'where to', 'here')
    .option('--cells <text,...>', 'texts', (text: string) => text.split(','))
    .option('--dashboard [port]', 'shown')
    .action((_, flags: unknown) => void (values = flags));
  await program.parseAsync(['keep', ...args], { from: 'user' }).catch(() => undefined);
  return values ?? said;
}

describe('a flag with an empty value', () => {
  it.each([
    [['--save', ''], "option '--save <folder>' argument '' is empty: give a value, or leave it out"],
    [['--save='], "option '--save <folder>' argument '' is empty"],
    [['--save', 'runs', '--out', ''], "option '--out <folder>' argument '' is empty"],
  ])('is refused: %j', async (args, line) => {
    expect(await given(...args)).toContain(line);
  });

  it('is none where the value is a list, or there is another one, or none is needed', async () => {
    expect(await given('--cells', '')).toMatchObject({ cells: [''] });
    expect(await given('--save', ' ', '--dashboard')).toEqual({ save: ' ', out: 'here', dashboard: true });
    expect(await given('')).toEqual({ out: 'here' });
  });
});
