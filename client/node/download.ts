import type { LayersFiles } from '../../shared/model/layers-format.js';
import { checkFields, pickFields } from '../../shared/fields/check-fields.js';
import { downloadFields, entryFields } from './node-fields.js';
import { fetchMergedModel, type FetchOptions } from '../merged-model.js';
import { Entrance, type EntryOptions } from './connect.js';

/** How the merged model is fetched. */
export interface DownloadOptions extends EntryOptions, FetchOptions {
  /** Instead of `invite` or `key`: a way in that was used before. */
  readonly entrance?: Entrance;
}

/**
 * Fetches the merged model of a run that is over, from a server that gives it away, in the tfjs layers format. Throws what
 * `fetchMergedModel` throws.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<LayersFiles> {
  checkFields('download()', options, downloadFields);
  const way = options.entrance ?? (await Entrance.open(pickFields<EntryOptions>(options, entryFields)));
  return fetchMergedModel((path) => way.get(url, path), options);
}
