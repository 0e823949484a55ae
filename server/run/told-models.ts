import type { PlacedModel } from '../../shared/model/build.js';
import type { NdArray } from '../../shared/ndarray.js';
import { inChainOrder } from './client-part.js';
import type { RunHostOptions } from './run-host-options.js';
import { trainedWeights, type ToldModel } from './trained-model.js';

/** Tells whoever wants to keep models of a run, with the weights of clients' and the server's segments. */
export type TellModel = (
  which: ToldModel['which'],
  ofClients: readonly (readonly NdArray[])[],
  ofServer: readonly (readonly NdArray[])[],
) => Promise<void>;

/** Undefined where nobody wants to know. */
export function tellModels({ task, settings, onModel }: RunHostOptions, placed: PlacedModel): TellModel | undefined {
  if (!onModel) return undefined;
  return async (which, ofClients, ofServer) => {
    const segments = inChainOrder(placed.placement, ofClients, ofServer);
    await onModel({ ...(await trainedWeights(task, settings.seed, placed.cut.specs, segments)), which });
  };
}
