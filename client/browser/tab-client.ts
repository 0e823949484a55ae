import { TandemError } from '../../shared/errors.js';
import type { LayersFiles } from '../../shared/model/layers-files.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { RunOutcome } from '../participate.js';
import type { Preview, RunFacts } from '../preview.js';
import type { DataSource, LoadedFacts } from './data/data-source.js';
import type {
  CallAnswer,
  CallArguments,
  CallName,
  EngineFacts,
  EngineOptions,
  PageMessage,
  Progress,
  RunAddress,
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
  private calls = 0;

  constructor(private readonly worker: WorkerLike) {
    worker.addEventListener('message', ({ data }) => this.receive(data));
    worker.addEventListener('error', ({ message = 'its script cannot be had' }) => {
      const error = new TandemError('MISSING', `the worker that trains failed: ${message}`, 'load the page again');
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    });
  }

  /** Loads the engine; without this, the first call that needs one does. */
  prepare(options: EngineOptions = {}): Promise<EngineFacts> {
    return this.call('prepare', options);
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
  preview(rows: readonly number[]): Promise<Preview> {
    return this.call('preview', rows);
  }

  /** Trains until the run ends. */
  async train(address: RunAddress, onProgress?: (progress: Progress) => void): Promise<RunOutcome> {
    this.onProgress = onProgress;
    return this.call('train', address);
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

  /** Ends the worker, and whatever it was doing. */
  close(): void {
    this.worker.terminate();
    const error = new TandemError('CANCELLED', 'the tab has closed its client');
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  private call<N extends CallName>(name: N, ...args: CallArguments<N>): Promise<CallAnswer<N>> {
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
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(new TandemError(message.error.code, message.error.message, message.error.action));
  }
}
