import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { checkFields, pickFields } from '../../shared/fields/check-fields.js';
import { FileStore } from '../../storage/file-store.js';
import { formerFields } from '../join-fields.js';
import { partOf, type CommonJoinOptions } from '../join-options.js';
import { JoinedRun, type Joined } from '../joined.js';
import { participate, type JoinStep, type RunOutcome } from '../participate.js';
import { connectPatiently } from '../reconnect.js';
import { addressAfter } from '../server-address.js';
import { connect, Entrance, type EntryOptions } from './connect.js';
import { entryFields, joinFields } from './node-fields.js';
import { softwareHere } from './software.js';

export { connect };

/** How a client in Node joins a run. */
export interface JoinOptions extends Omit<CommonJoinOptions, 'state'>, EntryOptions {
  /** A folder, or a custom store, in which this client's part is written down, and from which it goes on when it is started again. */
  readonly state?: string | CheckpointStore;
  /** Instead of `invite` or `key`: a way in that is used again, such as to take the model after the run. */
  readonly entrance?: Entrance;
}

/**
 * Joins a run as a training client. The bottom model comes from the server; the data stay here.
 *
 * ```ts
 * const run = join('ws://127.0.0.1:8080', { data });
 * for await (const { step, loss } of run) console.log(step, loss);
 * console.log((await run.finished).testAccuracy);
 * ```
 *
 * The loop is not needed. What `connect` and `participate` throw, it throws, and `finished` rejects with.
 */
export function join(url: string, options: JoinOptions): Joined {
  return new JoinedRun((leave) => takePart(url, options, leave));
}

async function* takePart(url: string, options: JoinOptions, leave: AbortSignal): AsyncGenerator<JoinStep, RunOutcome> {
  checkFields('join()', options, joinFields, formerFields);
  const engine = options.loadedEngine ?? (await chooseEngine(options.engine));
  const { onLinkNews: onNews, state } = options;
  // One for all links: an invite may be good for one use only.
  const entrance = options.entrance ?? (await Entrance.open(pickFields<EntryOptions>(options, entryFields)));
  const reconnect = { connect: (told: string | null) => entrance.connect(addressAfter(url, told)), onNews };
  const own = typeof state === 'string' ? await FileStore.open(state) : undefined;
  const store = typeof state === 'object' ? state : own;
  try {
    // After a crash of both, the client may be up before its server.
    const transport = await connectPatiently(reconnect, store ? 'expected' : 'new', leave);
    const about = { transport, reconnect, engine, leave, software: softwareHere() };
    return yield* participate({ ...partOf(options, store), ...about });
  } finally {
    await own?.close();
  }
}
