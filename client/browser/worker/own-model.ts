import type { Engine, Segment } from '../../../shared/engine/engine.js';
import { sgd } from '../../../shared/engine/optimizer.js';
import { openLayersFiles } from '../../../shared/model/layers-files.js';
import type { LayersFiles } from '../../../shared/model/layers-format.js';
import { constantsOf, readSegmentWeights, weightSpecs } from '../../../shared/model/weights.js';
import type { NdArray } from '../../../shared/ndarray.js';

/** A merged model that was fetched: it answers here, with no server and no network. */
export class OwnModel {
  private constructor(private readonly segment: Segment) {}

  /** Throws BAD_MODEL. */
  static async open(files: LayersFiles, engine: Engine): Promise<OwnModel> {
    const model = await openLayersFiles(files);
    try {
      const topology = JSON.stringify(model.toJSON(null, false));
      const own = { weights: weightSpecs(model), ...constantsOf(model) };
      const spec = { index: 0, of: 1, topology, inputs: [], outputs: [], ...own };
      const weights = readSegmentWeights(model);
      return new OwnModel(await engine.segment({ spec, weights, optimizer: sgd(), seed: 0, stream: 0 }));
    } finally {
      model.dispose();
    }
  }

  async predict(inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
    return (await this.segment.predict({ inputs })).outputs;
  }

  dispose(): void {
    this.segment.dispose();
  }
}
