import type { Command } from 'commander';

/** An empty value is that of a variable which is not set, as in `--save "$FOLDER"`: nobody means the folder they are in by it. */
export function refuseEmptyFlags(program: Command): Command {
  return program.hook('preAction', (_, command) => {
    for (const option of command.options) {
      const name = option.attributeName();
      const isGiven = command.getOptionValueSource(name) === 'cli';
      if (isGiven && command.getOptionValue(name) === '') {
        command.error(`error: option '${option.flags}' argument '' is empty: give a value, or leave it out`);
      }
    }
  });
}
