import { checkFields } from '../../shared/fields/check-fields.js';
import { TandemError } from '../../shared/errors.js';
import type { LayersFiles } from '../../shared/model/layers-format.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { OnLoading } from '../../shared/read-body.js';
import type { RunCard } from '../../shared/run-card.js';
import type { TestProgress } from '../../shared/test-progress.js';
import type { OnLinkNews } from '../link-news.js';
import type { RunOutcome } from '../participate.js';
import type { RunFacts } from '../preview.js';
import type { DataSource, LoadedFacts } from './data/data-source.js';
import { addressFields, engineFields, trainFields } from './tab-fields.js';
import type { KeptFacts } from './life/keeper.js';
import { onPageWake, type PageLife } from './life/page-wakes.js';
import type { LockWish } from './life/run-lock.js';
import type {
  OwnPreview,
  CallAnswer,
  CallArguments,
  CallName,
  EngineFacts,
  EngineOptions,
  PageMessage,
  Progress,
  RunAddress,
  TrainOptions,
  WorkerMessage,
} from './worker/calls.js';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: TandemError) => void;
}

/** What a `Worker` has that is needed here. */
export interface WorkerLike {
  postMessage(message: PageMessage): void;
  terminate(): void;
  addEventListener(type: 'message', listener: (event: { readonly data: WorkerMessage }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
}

/**
 * A client of a run in a tab. All that computes is in the worker; the page only sends it wishes and shows what it reports,
 * so the page never waits. Every method throws the TandemError of the worker.
 *
 * ```ts
 * const tab = new TabClient(new Worker(new URL('tandem/client/worker', import.meta.url), { type: 'module' }));
 * await tab.load({ kind: 'arrays', inputs, labels });
 * const { steps } = await tab.train({ url: 'ws://127.0.0.1:8080' }, ({ losses }) => console.log(losses.at(-1)));
 * ```
 */
export class TabClient {
  private readonly waiting = new Map<number, Waiting>();
  private onProgress: ((progress: Progress) => void) | undefined;
  private onTesting: ((progress: TestProgress) => void) | undefined;
  private onLoading: OnLoading | undefined;
  private onLink: OnLinkNews | undefined;
  private onKeeping: ((text: string) => void) | undefined;
  private calls = 0;
  private stopped = false;

  constructor(private readonly worker: WorkerLike) {
    worker.addEventListener('message', ({ data }) => this.receive(data));
    worker.addEventListener('error', ({ message = 'its script cannot be had' }) => {
      this.rejectAll(new TandemError('MISSING', `the worker that trains failed: ${message}`, 'load the page again'));
    });
  }

  /** Loads the engine; without this, the first call that needs one does. */
  async prepare(options: EngineOptions = {}): Promise<EngineFacts> {
    checkFields('prepare()', options, engineFields);
    return this.call('prepare', options);
  }

  /** What the server says of its run: whether there is a place, and what a part in it takes. No engine is loaded. */
  card(address: RunAddress): Promise<RunCard> {
    return this.call('card', address);
  }

  /** Fetches what a run is about, with its bottom as it is now. Nothing of the data is sent. */
  describe(address: RunAddress): Promise<RunFacts> {
    return this.call('describe', address);
  }

  /** Reads data, which stay in the worker. */
  load(source: DataSource): Promise<LoadedFacts> {
    return this.call('load', source);
  }

  /** What a step with these rows of the training data would send, computed by the run's bottom; after `describe`. */
  preview(rows: readonly number[]): Promise<OwnPreview> {
    return this.call('preview', rows);
  }

  /**
   * Trains until the run ends. With `keep`, data and progress are on this device until then: a page that is loaded again finds them
   * with `kept` and goes on after `hold`. Throws TAKEN_OVER where another tab has the part, or takes it over.
   */
  async train(
    address: RunAddress,
    onProgress?: (progress: Progress) => void,
    options: TrainOptions = {},
  ): Promise<RunOutcome> {
    checkFields('train()', address, addressFields);
    checkFields('train()', options, trainFields);
    this.onProgress = onProgress;
    return this.call('train', address, options);
  }

  /** Calls back when the link is lost or silent while `train` goes on, why it cannot be opened again yet, and when it is back. */
  watchLink(onLink: OnLinkNews): void {
    this.onLink = onLink;
  }

  /** Calls back with how much of the engine, or of the server's data, has been loaded, while `prepare` or `train` wait for it. */
  watchLoading(onLoading: OnLoading): void {
    this.onLoading = onLoading;
  }

  /** Calls back with how far a test of the model is, which `train` waits for. */
  watchTesting(onTesting: (progress: TestProgress) => void): void {
    this.onTesting = onTesting;
  }

  /** Calls back when the part cannot be kept any more while `train` goes on, such as for want of room, and when it can again. */
  watchKeeping(onKeeping: (text: string) => void): void {
    this.onKeeping = onKeeping;
  }

  /** What is kept on this device for a server. Throws MISSING where this page can keep nothing. */
  kept(address: RunAddress): Promise<KeptFacts | null> {
    return this.call('kept', address);
  }

  /** Makes this tab the one that goes on with what is kept: `train` then does. Null when nothing is kept any more. */
  hold(address: RunAddress, wish: LockWish): Promise<LoadedFacts | null> {
    return this.call('hold', address, wish);
  }

  /** Reads the data that are kept, as if they had been given once more. */
  loadKept(address: RunAddress): Promise<LoadedFacts> {
    return this.call('loadKept', address);
  }

  /** Deletes all that is kept on this device for a server; leave the run before. */
  forget(address: RunAddress): Promise<void> {
    return this.call('forget', address);
  }

  /** Renews the link when the page was frozen or its network has changed; returns how to stop that. */
  follow(page: PageLife): () => void {
    return onPageWake(page, (wake) => void this.call('wake', wake));
  }

  /** No step begins while it is paused; the place in the run is kept, and others may have to wait. */
  pause(isPaused = true): Promise<void> {
    return this.call('pause', isPaused);
  }

  /** Says goodbye to the run; `train` then throws CANCELLED. */
  leave(): Promise<void> {
    return this.call('leave');
  }

  /** The split model's outputs for inputs that stay here; the server must still be there. */
  predict(address: RunAddress, inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
    return this.call('predict', address, inputs);
  }

  /** Fetches the merged model of a run that is over and gives it away, as the files of the tfjs layers format. */
  download(address: RunAddress): Promise<LayersFiles> {
    return this.call('download', address);
  }

  /** The outputs of the model that `download` fetched: no server is needed, and no network. */
  predictHere(inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
    return this.call('predictHere', inputs);
  }

  /** Whether another tab has taken over, so that this one has no worker any more: the page must be loaded again. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Ends the worker, and whatever it was doing. */
  close(): void {
    this.worker.terminate();
    this.rejectAll(new TandemError('CANCELLED', 'the tab has closed its client'));
  }

  private call<N extends CallName>(name: N, ...args: CallArguments<N>): Promise<CallAnswer<N>> {
    if (this.stopped) return Promise.reject(takenOver());
    const id = this.calls++;
    return new Promise<CallAnswer<N>>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.worker.postMessage({ id, name, args });
    });
  }

  private receive(message: WorkerMessage): void {
    if (message.kind === 'progress') {
      this.onProgress?.(message.progress);
      return;
    }
    if (message.kind === 'loading') {
      this.onLoading?.(message.loading);
      return;
    }
    if (message.kind === 'testing') {
      this.onTesting?.(message.progress);
      return;
    }
    if (message.kind === 'link') {
      this.onLink?.(message.news);
      return;
    }
    if (message.kind === 'keeping') {
      this.onKeeping?.(message.text);
      return;
    }
    if (message.kind === 'stopped') {
      this.stopped = true;
      return this.rejectAll(takenOver());
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(new TandemError(message.error.code, message.error.message, message.error.action));
  }

  private rejectAll(error: TandemError): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

function takenOver(): TandemError {
  return new TandemError('TAKEN_OVER', 'another tab of this browser has taken over', 'load this page again');
}
