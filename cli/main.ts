#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { commandsFor } from './commands-for.js';
import { TandemError } from '../shared/errors.js';
import { VERSION } from '../shared/version.js';
import { exitHelp } from './exit-codes.js';
import { letHeapGrow } from './heap-growth.js';
import { exitCodes, fail, isJsonAsked } from './outcome.js';
import { listenForSignals } from './signals.js';
import { outliveReaders } from './streams.js';
import { refuseEmptyFlags } from './refuse-empty.js';
import { asksForVersion, versionText } from './version-text.js';

letHeapGrow();
outliveReaders();
listenForSignals((signal) => fail(new TandemError('CANCELLED', `stopped by ${signal}`), isJsonAsked()));
process.on('uncaughtException', (error) => {
  fail(error, isJsonAsked());
  process.exit();
});

const program = new Command('tandem')
  .description('Train one network in parts: clients keep their data and the lower layers, a server holds the rest.')
  .version(VERSION)
  .addHelpText('afterAll', exitHelp)
  .showHelpAfterError('Run with --help for all options and an example.')
  .exitOverride();

refuseEmptyFlags(program);
// Subcommands inherit what the program was set to, so they are added last.
for (const add of await commandsFor(process.argv[2])) add(program);

try {
  if (asksForVersion(process.argv.slice(2))) process.stdout.write(await versionText());
  else await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
  if (error.exitCode !== 0 && isJsonAsked()) {
    // Commander has told people already.
    const message = error.message.replace(/^error: /, '');
    process.stdout.write(`${JSON.stringify({ error: { code: 'BAD_OPTION', message, action: 'see --help' } })}\n`);
  }
}
