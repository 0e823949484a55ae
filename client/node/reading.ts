import { TandemError } from '../../shared/errors.js';
import { checkReading, READING_PATH, type RunReading } from '../../shared/run-reading.js';
import type { OnLinkNews } from '../link-news.js';
import { patiently } from '../reconnect.js';
import type { Entrance } from './connect.js';
import { parsedJson } from './http-request.js';

/** How a server's run reads data; null where it does not say, as of data in a module of its own. Throws as a link does. */
export async function fetchReading(entrance: Entrance, url: string, onNews?: OnLinkNews): Promise<RunReading | null> {
  const bytes = await patiently(() => entrance.get(url, READING_PATH), { onNews }, 'new');
  const value = parsedJson(Buffer.from(bytes));
  if (value === undefined) throw new TandemError('BAD_MESSAGE', `${url} does not answer as a Tandem server does`);
  return checkReading(value);
}
