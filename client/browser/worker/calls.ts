import type { RefusalCode } from '../../../shared/refusals.js';
import type { LayersFiles } from '../../../shared/model/layers-format.js';
import type { NdArray } from '../../../shared/ndarray.js';
import type { LinkNews } from '../../link-news.js';
import type { PartyName, RunOutcome } from '../../participate.js';
import type { Preview, RunFacts } from '../../preview.js';
import type { DataSource, LoadedFacts } from '../data/data-source.js';
import type { OwnSample } from '../data/own-sample.js';
import type { Loading } from '../../../shared/read-body.js';
import type { RunCard } from '../../../shared/run-card.js';
import type { TestProgress } from '../../../shared/test-progress.js';
import type { EntryOptions } from '../entrance.js';
import type { KeptFacts } from '../life/keeper.js';
import type { LockWish } from '../life/run-lock.js';
import type { Wake } from '../life/page-wakes.js';

/** Where a run is, and how the tab comes in. */
export interface RunAddress extends EntryOptions {
  /** Such as `ws://127.0.0.1:8080`. */
  readonly url: string;
  /** An invite with the role infer, where the server asks for one: to look at the run before, and to predict after it. */
  readonly inferInvite?: string;
  /** Which party of a vertical run the tab is, whose rows have to be those of all others, in the same order. */
  readonly party?: PartyName;
}

/** What would be sent of samples, beside the samples as their owner knows them, where they are the owner's. */
export interface OwnPreview extends Preview {
  readonly own: readonly OwnSample[];
}

/** Which engine the worker is to load, and from where. */
export interface EngineOptions {
  /** `auto`, `onnx` or `tfjs`. */
  readonly engine?: string;
  /** Where wasm files lie, ending in `/`. */
  readonly wasmFiles?: string;
}

/** What computes in the worker. */
export interface EngineFacts {
  readonly name: string;
  /** Such as `onnx (wasm)`. */
  readonly label: string;
  /** Why nothing faster is used, where something faster was tried. */
  readonly reason: string | null;
}

export interface TrainOptions {
  /** Keeps data and progress on this device until the run is over, so that the part outlives the page. */
  readonly keep?: boolean;
}

/** Progress since the last report, which come some times a second whatever the pace of the steps. */
export interface Progress {
  readonly run: string;
  readonly client: number;
  /** This client's last step, counted from 1. */
  readonly step: number;
  /** Of each step since the last report. */
  readonly losses: readonly number[];
  /** Trained on in all, before the page was loaded again, too. */
  readonly samples: number;
  /** Since the page began, pauses included. */
  readonly seconds: number;
  readonly samplesPerSecond: number;
  /** Bytes of all messages in all, likewise. */
  readonly sent: number;
  readonly received: number;
}

/** What a page asks of its worker: arguments and answers are plain data. */
export interface WorkerCalls {
  prepare(options: EngineOptions): EngineFacts;
  /** What the server says of the run, shown the invite that looks at it. */
  card(address: RunAddress): RunCard;
  describe(address: RunAddress): RunFacts;
  load(source: DataSource): LoadedFacts;
  /** What a step with these rows of the training data would send. */
  preview(rows: readonly number[]): OwnPreview;
  /** Trains until the run ends; reports progress on the way. */
  train(address: RunAddress, options: TrainOptions): RunOutcome;
  pause(isPaused: boolean): void;
  /** What is kept on this device for a server. */
  kept(address: RunAddress): KeptFacts | null;
  /** Holds what is kept, for `train` to go on with, and reads its data; null when nothing is kept any more. */
  hold(address: RunAddress, wish: LockWish): LoadedFacts | null;
  /** Reads the data that are kept, as if they had been given once more. */
  loadKept(address: RunAddress): LoadedFacts;
  /** Deletes all that is kept for a server. */
  forget(address: RunAddress): void;
  /** The page was asleep, or its network has changed. */
  wake(wake: Wake): void;
  /** Says goodbye; `train` then fails with CANCELLED. */
  leave(): void;
  /** Fetches the merged model of a run that is over, where it gives it away; from then on `predictHere` answers. */
  download(address: RunAddress): LayersFiles;
  /** The outputs of the merged model that was fetched, with no server and no network. */
  predictHere(inputs: readonly NdArray[]): readonly NdArray[];
  /** The outputs of the split model for inputs that stay here. */
  predict(address: RunAddress, inputs: readonly NdArray[]): readonly NdArray[];
}

export type CallName = keyof WorkerCalls;
export type CallArguments<N extends CallName> = Parameters<WorkerCalls[N]>;
export type CallAnswer<N extends CallName> = ReturnType<WorkerCalls[N]>;

export interface PageMessage {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

export interface PlainError {
  readonly code: RefusalCode;
  readonly message: string;
  readonly action: string;
}

export type WorkerMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: PlainError }
  | { readonly kind: 'progress'; readonly progress: Progress }
  /** How much of something has been loaded. */
  | { readonly kind: 'loading'; readonly loading: Loading }
  /** How far a test of the model is. */
  | { readonly kind: 'testing'; readonly progress: TestProgress }
  /** The link is lost, silent or back while the tab trains. */
  | { readonly kind: 'link'; readonly news: LinkNews }
  /** What a person should know of the part that is kept on this device, such as that there is no room left. */
  | { readonly kind: 'keeping'; readonly text: string }
  /** The worker has ended itself, because another tab has taken over. */
  | { readonly kind: 'stopped' };
