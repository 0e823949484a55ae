import { InvalidArgumentError, Option, type Command } from 'commander';
import { ownKinds, type OwnKind } from '../../shared/preparation/own-label.js';
import { BLANKS } from '../../shared/data/csv-lines.js';
import type { DecideFlags } from './decide.js';
import { readingLines } from './reading-lines.js';

/** Flags that say of data what would be told from them. */
export interface DataFlags {
  readonly label?: string;
  readonly kind?: OwnKind;
  readonly model: string;
  readonly cut?: string;
  readonly batch?: number;
  readonly epochs?: number;
  readonly missingCells?: readonly string[];
  readonly categories?: readonly string[];
  readonly ignore?: readonly string[];
  readonly header: boolean;
  readonly separator?: string;
  readonly size?: readonly [number, number];
  readonly skipUnreadable?: boolean;
}

export function withDataFlags(command: Command): Command {
  return command
    .option('--label <column>', 'tables: the column to predict (default: the last one)')
    .addOption(new Option('--kind <kind>', 'what is predicted (default: told from the labels)').choices(ownKinds))
    .option('--model <size|file>', 'small, medium, or a .js file whose default export makes a model', 'small')
    .option(
      '--size <height>x<width>',
      'pictures: the size to bring all to (default: theirs up to 64, else 64x64)',
      sizeOf,
    )
    .addOption(skipFlag())
    .option('--missing-cells <text,...>', 'tables: cells that say nothing (default: none, ?, NA among numbers)', list)
    .option('--categories <column,...>', 'tables: columns of words that look like numbers', list)
    .option('--ignore <column,...>', 'tables: columns to leave out', list)
    .option(
      '--separator <text>',
      'tables: what separates cells; tab and blanks by their names (default: found)',
      separatorOf,
    )
    .option('--no-header', 'tables: the first line is a row like the others');
}

/** The flag of all who read folders. */
export function skipFlag(): Option {
  return new Option('--skip-unreadable', 'pictures and sounds: leave out files that cannot be read, counted and named');
}

/** What was said, as it is decided by. */
export function dataFlagsOf({ missingCells, header, ...flags }: DataFlags, command: Command): DecideFlags {
  const isSaid = command.getOptionValueSource('header') === 'cli';
  // An empty cell says nothing, whatever else does.
  const missing = missingCells && ['', ...missingCells];
  return { ...flags, missing, header: isSaid ? header : undefined, onReading: readingLines() };
}

function list(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function separatorOf(text: string): string {
  const named = { tab: '\t', blanks: BLANKS }[text] ?? text.replace('\\t', '\t');
  if (named.length !== 1) throw new InvalidArgumentError('It must be one letter, tab or blanks.');
  return named;
}

function sizeOf(text: string): [number, number] {
  const [, h = '', w = ''] = /^(\d+)\s*x\s*(\d+)$/.exec(text) ?? [];
  const size: [number, number] = [Number(h), Number(w)];
  if (!size.every((side) => side >= 4 && side <= 1024))
    throw new InvalidArgumentError('It must be like 64x64, 4 to 1024.');
  return size;
}
