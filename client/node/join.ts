import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { FileStore } from '../../storage/file-store.js';
import type { OnLinkNews } from '../link-news.js';
import { connectPatiently } from '../reconnect.js';
import { participate, type JoinStep, type ParticipateOptions, type RunOutcome } from '../participate.js';
import { connect, Entrance, type EntryOptions } from './connect.js';
import { checkFields } from '../../shared/fields/check-fields.js';
import { joinFields } from './node-fields.js';
import { softwareHere } from './software.js';

export { connect };

export interface JoinOptions
  extends
    Pick<ParticipateOptions, 'data' | 'limit' | 'onTesting' | 'segments' | 'bottom' | 'party' | 'aligned' | 'leave'>,
    EntryOptions {
  /** `[index, count]`: uses only this share of the data, dealt by the run's seed, and asks for this place in the run. */
  readonly shard?: readonly [number, number];
  /** A folder in which this client's part is written down, and from which it goes on when it is started again. */
  readonly state?: string;
  /** Hears of trouble that does not end the run, such as a full disk under `state`. */
  readonly onTrouble?: (message: string) => void;
  /** `auto`, `tfjs` or `onnx`. */
  readonly engine?: string;
  /** Instead of `invite` or `key`: a way in that is used again, such as to take the model after the run. */
  readonly entrance?: Entrance;
  /** Told when the link is lost, why it cannot be opened again yet, and when it is back. */
  readonly onLinkNews?: OnLinkNews;
  /** Instead of an engine by name: one that is loaded already. */
  readonly loadedEngine?: Engine;
}

/**
 * Joins a run as a training client. The bottom model comes from the server; the data stay here.
 *
 * ```ts
 * for await (const step of join('ws://127.0.0.1:8080', { data })) console.log(step.step, step.loss);
 * ```
 *
 * Throws what `connect` and `participate` throw.
 */
export async function* join(url: string, options: JoinOptions): AsyncGenerator<JoinStep, RunOutcome> {
  checkFields('join()', options, joinFields);
  const engine = options.loadedEngine ?? (await chooseEngine(options.engine));
  const { data, limit, onTesting, segments, bottom, shard: place, party, aligned, leave } = options;
  // One for all links: an invite may be good for one use only.
  const entrance = options.entrance ?? (await Entrance.open(options));
  const { onLinkNews: onNews } = options;
  const reconnect = { connect: (address: string | null) => entrance.connect(address ?? url), onNews };
  const store = options.state === undefined ? undefined : await FileStore.open(options.state);
  try {
    // Who goes on after a crash may be up before its server is.
    const transport = await connectPatiently(reconnect, store ? 'expected' : 'new');
    return yield* participate({
      transport,
      reconnect,
      ...(store ? { checkpoints: { store, onTrouble: options.onTrouble } } : {}),
      data,
      engine,
      onTesting,
      ...(leave ? { leave } : {}),
      software: softwareHere(),
      ...(limit === undefined ? {} : { limit }),
      ...(segments === undefined ? {} : { segments }),
      ...(bottom === undefined ? {} : { bottom }),
      ...(party === undefined ? {} : { party }),
      ...(aligned === undefined ? {} : { aligned }),
      ...(place ? { place, takesShare: true } : {}),
    });
  } finally {
    await store?.close();
  }
}
