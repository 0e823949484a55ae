import type { CheckpointStore } from '../shared/checkpoint/checkpoint-store.js';
import type { Engine } from '../shared/engine/engine.js';
import type { OnLinkNews } from './link-news.js';
import type { ParticipateOptions } from './participate-options.js';

/** What is said of a client's part in a run, wherever it runs. */
export type PartOptions = Pick<
  ParticipateOptions,
  | 'data'
  | 'limit'
  | 'onTesting'
  | 'segments'
  | 'bottom'
  | 'party'
  | 'aligned'
  | 'onPredictions'
  | 'takesShare'
  | 'share'
  | 'codecs'
>;

/** What a client says when it joins a run, in Node and in a browser alike. */
export interface CommonJoinOptions extends PartOptions {
  /** `[index, count]`: uses only this share of the data, dealt by the run's seed, and asks for this place in the run. */
  readonly shard?: readonly [number, number];
  /** Where this client's part is written down, and from where it goes on when it is started again; in Node also the path of a folder. */
  readonly state?: CheckpointStore;
  /** Hears of trouble that does not end the run, such as a full disk under `state`. */
  readonly onTrouble?: (message: string) => void;
  /** `auto`, `tfjs` or `onnx`. */
  readonly engine?: string;
  /** Instead of an engine by name: one that is loaded already. */
  readonly loadedEngine?: Engine;
  /** Told when the link is lost, why it cannot be opened again yet, and when it is back. */
  readonly onLinkNews?: OnLinkNews;
}

/** What of the options is the part itself, as `participate` takes it. */
export function partOf(
  options: Omit<CommonJoinOptions, 'state'>,
  store: CheckpointStore | undefined,
): Omit<ParticipateOptions, 'transport' | 'engine'> {
  const { data, limit, onTesting, segments, bottom, party, aligned, onPredictions } = options;
  const { shard, takesShare, share, codecs, onTrouble } = options;
  const given = { limit, segments, bottom, party, aligned, onPredictions, takesShare, share, codecs };
  return {
    data,
    onTesting,
    // What is left out is not there, rather than undefined.
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(shard ? { place: shard, takesShare: true } : {}),
    ...(store ? { checkpoints: { store, onTrouble } } : {}),
  };
}
