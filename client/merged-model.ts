import { asTandemError } from '../shared/errors.js';
import type { LayersFiles } from '../shared/model/layers-files.js';
import { modelPaths } from '../shared/model/model-paths.js';

/** Gets a file of the server, with a ticket where one is asked for. Throws the server's refusal and UNREACHABLE. */
export type GetFile = (path: string) => Promise<Uint8Array<ArrayBuffer>>;

/** A server says goodbye to all clients before its run is over; who was told first is early. */
const TRIES = 60;
const AGAIN_MS = 250;

/** Fetches the merged model of a run that is over and gives it away. Throws NOT_SHARED, WRONG_ROLE, NO_ENTRY, UNREACHABLE, and BAD_STATE where the run goes on. */
export async function fetchMergedModel(get: GetFile): Promise<LayersFiles> {
  const topology = await whenOver(() => get(modelPaths.topology));
  const weights = await get(modelPaths.weights);
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
