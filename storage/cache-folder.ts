import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where this machine keeps what Tandem can make again for the person who runs it. */
export function cacheFolder(): string {
  const { TANDEM_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (TANDEM_CACHE) return TANDEM_CACHE;
  switch (process.platform) {
    case 'darwin':
      return join(homedir(), 'Library/Caches/tandem');
    case 'win32':
      return join(LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'tandem');
    default:
      return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'tandem');
  }
}
