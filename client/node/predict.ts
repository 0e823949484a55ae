import type { Batch } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { OnLinkNews } from '../link-news.js';
import { predictOver, type Prediction, type RunLabels } from '../predict.js';
import { connectPatiently } from '../reconnect.js';
import { checkFields } from '../../shared/fields/check-fields.js';
import { predictFields } from './node-fields.js';
import type { Codec } from '../../shared/wire/codec.js';
import { Entrance, type EntryOptions } from './connect.js';

/** How a server is asked for predictions. */
export interface PredictOptions extends EntryOptions {
  /** Instead of `invite` or `key`: a way in that was used before. */
  readonly entrance?: Entrance;
  /** `auto`, `tfjs` or `onnx`. */
  readonly engine?: string;
  /** The name of one of the task's further bottoms; by default its own. */
  readonly bottom?: string;
  /** Told, before the first prediction, what labels mean in the run and what its tests measure. */
  readonly onLabels?: (of: RunLabels) => void;
  /** Custom codecs that the run may name. */
  readonly codecs?: readonly Codec[];
  /** Told why the server cannot be asked yet. */
  readonly onLinkNews?: OnLinkNews;
}

/**
 * Asks a server that holds a trained top for predictions; the inputs stay here.
 *
 * ```ts
 * for await (const { outputs } of predict('ws://127.0.0.1:8080', batches)) console.log(outputs[0]);
 * ```
 */
export async function* predict(
  url: string,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  options: PredictOptions = {},
): AsyncGenerator<Prediction, void> {
  checkFields('predict()', options, predictFields);
  const { engine: name = 'auto', bottom, onLabels, codecs, onLinkNews: onNews, entrance: way, ...entry } = options;
  const engine = await chooseEngine(name);
  const entrance = way ?? (await Entrance.open(entry));
  const transport = await connectPatiently({ connect: () => entrance.connect(url), onNews }, 'new');
  yield* predictOver(transport, batches, engine, bottom, onLabels, codecs);
}
