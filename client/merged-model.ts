import { asTandemError } from '../shared/errors.js';
import type { Standing } from './link-faults.js';
import type { OnLinkNews } from './link-news.js';
import { patiently } from './reconnect.js';
import type { LayersFiles } from '../shared/model/layers-format.js';
import { modelPaths } from '../shared/model/model-paths.js';

/** Gets a file of the server, with a ticket where one is asked for. Throws the server's refusal and UNREACHABLE. */
export type GetFile = (path: string) => Promise<Uint8Array<ArrayBuffer>>;

export interface FetchOptions {
  /** What is known of the server: who took part in its run waits for it. */
  readonly standing?: Standing;
  /** Told why the model cannot be had yet. */
  readonly onLinkNews?: OnLinkNews | undefined;
}

/** A server says goodbye to all clients before its run is over; who was told first is early. */
const TRIES = 60;
const AGAIN_MS = 250;

/** Fetches the merged model of a run that is over and gives it away. Throws NOT_SHARED, WRONG_ROLE, NO_ENTRY, UNREACHABLE, and BAD_STATE where the run goes on. */
export async function fetchMergedModel(
  get: GetFile,
  { standing = 'new', onLinkNews: onNews }: FetchOptions = {},
): Promise<LayersFiles> {
  const whenThere = (path: string) => patiently(() => get(path), { onNews }, standing);
  const topology = await whenOver(() => whenThere(modelPaths.topology));
  const weights = await whenThere(modelPaths.weights);
  return { json: new TextDecoder().decode(topology), weights };
}

async function whenOver<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (asTandemError(error).code !== 'BAD_STATE' || tries >= TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
