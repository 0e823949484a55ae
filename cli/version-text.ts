import { chooseEngine } from '../shared/engine/choose-engine.js';
import { VERSION } from '../shared/version.js';

/** Whether a command is only asked for its version. */
export function asksForVersion(args: readonly string[]): boolean {
  return args.length === 1 && (args[0] === '--version' || args[0] === '-V');
}

/** The version, and in a line what computes here, since no install script says so. */
export async function versionText(): Promise<string> {
  const { label, notice } = await chooseEngine();
  const why = notice === undefined ? '' : ` (${notice})`;
  return `${VERSION}\ncomputes with ${label} on ${process.platform}-${process.arch}${why}\n`;
}
