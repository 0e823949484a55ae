import { exitCodes } from './outcome.js';

/**
 * Whoever reads this process's output may go away at any time (`tandem ... | head -1`). That ends the output and nothing else: a run
 * goes on without its log, and what cannot be said any more is not said.
 */
export function outliveReaders(): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || isLost) return;
    // A result that was meant for a file, and is not in it.
    isLost = true;
    process.stderr.write(`tandem: the result cannot be written to stdout: ${message}: make room there\n`);
    process.exitCode = exitCodes.failure;
  });
  // Nobody is left to tell.
  process.stderr.on('error', () => undefined);
}

let isLost = false;
