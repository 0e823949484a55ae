import { TandemError } from '../shared/errors.js';
import { buildModel } from '../shared/model/build.js';
import { layersFiles } from '../shared/model/layers-files.js';
import type { LayersFiles } from '../shared/model/layers-format.js';
import type { modelPaths } from '../shared/model/model-paths.js';
import { writeModelWeights } from '../shared/model/weights.js';
import type { Task } from '../shared/task.js';
import type { RunResult } from './run/summarise.js';

/** The merged model of a run that gives it away when it is over, as the two files of the tfjs layers format. */
export class SharedModel {
  private files: Promise<LayersFiles> | undefined;

  private constructor(private readonly isShared: boolean) {}

  /** Writes the model down once, when the run is over. */
  static of(task: Task, seed: number, finished: Promise<RunResult>, isShared: boolean): SharedModel {
    const shared = new SharedModel(isShared);
    if (isShared)
      // A run that failed has no model, which `file` says.
      finished.then(
        ({ trained }) => (shared.files = write(task, seed, trained)),
        () => undefined,
      );
    return shared;
  }

  /** The bytes of one of its files. Throws NOT_SHARED, and BAD_STATE before the end of the run. */
  async file(part: keyof typeof modelPaths): Promise<Uint8Array> {
    if (!this.isShared) throw new TandemError('NOT_SHARED', 'this run does not give its model away');
    if (!this.files) throw new TandemError('BAD_STATE', 'the run is not over', 'ask for its model when it is');
    const { json, weights } = await this.files;
    return part === 'topology' ? new TextEncoder().encode(json) : weights;
  }
}

async function write(task: Task, seed: number, { weights }: RunResult['trained']): Promise<LayersFiles> {
  const model = await buildModel(task, seed);
  try {
    writeModelWeights(model, weights);
    return await layersFiles(model);
  } finally {
    model.dispose();
  }
}
