import { chooseEngine } from '../../../shared/engine/choose-engine.js';
import type { Engine } from '../../../shared/engine/engine.js';
import { matchNames } from '../../../shared/data/match-names.js';
import { asTandemError, TandemError } from '../../../shared/errors.js';
import type { LayersFiles } from '../../../shared/model/layers-format.js';
import type { NdArray, TensorSpec } from '../../../shared/ndarray.js';
import type { OnLoading } from '../../../shared/read-body.js';
import type { RunCard } from '../../../shared/run-card.js';
import { checkReading, READING_PATH, type RunReading } from '../../../shared/run-reading.js';
import type { RunOutcome } from '../../participate.js';
import { fetchMergedModel } from '../../merged-model.js';
import { predictOver } from '../../predict.js';
import { checkRows, Previewer, type RunFacts } from '../../preview.js';
import { loadSource, type LoadedSource } from '../data/load-source.js';
import { originOf } from '../../../shared/data/dataset.js';
import { asTheRunReads, factsAsRead } from '../data/as-the-run-reads.js';
import type { DataSource, LoadedFacts } from '../data/data-source.js';
import { Entrance } from '../entrance.js';
import { newEntryKey } from '../entry-key.js';
import { keptPart, type KeptFacts } from '../life/keeper.js';
import type { Wake } from '../life/page-wakes.js';
import type { LockWish } from '../life/run-lock.js';
import type {
  EngineFacts,
  EngineOptions,
  PageMessage,
  RunAddress,
  TrainOptions,
  WorkerCalls,
  WorkerMessage,
  OwnPreview,
} from './calls.js';
import { OwnModel } from './own-model.js';
import { PauseGate } from './pause-gate.js';
import { TabPart } from './tab-part.js';
import { TabTraining } from './tab-training.js';

/** Async versions of what a page may call. */
type Host = { [N in keyof WorkerCalls]: (...args: Parameters<WorkerCalls[N]>) => Promise<ReturnType<WorkerCalls[N]>> };

const TELL_MS = 100;

/** All of a tab that computes: engine, data and the client itself. It lives in a worker, so that the page never waits. */
export class TabHost implements Host {
  private engine: Engine | undefined;
  private previewer: Previewer | undefined;
  /** How the run that was looked at reads data. */
  private reading: RunReading | null = null;
  private loaded: LoadedSource | undefined;
  private readonly entrances = new Map<string, Entrance>();
  private readonly gate = new PauseGate();
  private ownModel: OwnModel | undefined;
  private readonly part = new TabPart();
  private source: DataSource | undefined;
  private lastReading: Promise<unknown> = Promise.resolve();
  private training: TabTraining | undefined;
  private isTraining = false;
  private toldMs = -Infinity;

  /** `stop` ends the worker, whatever it is doing. */
  constructor(
    private readonly post: (message: WorkerMessage) => void,
    private readonly stop: () => void = () => undefined,
  ) {}

  /** Performs a call and posts its answer, or why there is none. Never throws. */
  async handle({ id, name, args }: PageMessage): Promise<void> {
    try {
      const call = this[name].bind(this) as (...args: readonly unknown[]) => Promise<unknown>;
      this.post({ kind: 'answer', id, value: await call(...args) });
    } catch (thrown) {
      if (this.training?.isLost) {
        this.post({ kind: 'stopped' });
        this.stop();
        return;
      }
      const { code, message, action } = asTandemError(thrown);
      this.post({ kind: 'error', id, error: { code, message, action } });
    }
  }

  async prepare({ engine: name = 'auto', wasmFiles }: EngineOptions): Promise<EngineFacts> {
    const { onLoading } = this;
    this.engine = await chooseEngine(name, wasmFiles === undefined ? {} : { wasmFiles, onLoading });
    const { label, notice } = this.engine;
    return { name: this.engine.name, label, reason: notice ?? null };
  }

  async card(address: RunAddress): Promise<RunCard> {
    const bytes = await this.toInfer(address).get(address.url, '/run.json');
    return JSON.parse(new TextDecoder().decode(bytes)) as RunCard;
  }

  async describe(address: RunAddress): Promise<RunFacts> {
    const engine = await this.readyEngine();
    const previewer = await Previewer.open(await this.toInfer(address).connect(address.url), engine, address.party);
    this.previewer?.dispose();
    this.previewer = previewer;
    const said = await this.toInfer(address).get(address.url, READING_PATH);
    this.reading = checkReading(JSON.parse(new TextDecoder().decode(said)));
    return this.reading ? factsAsRead(previewer.facts, this.reading) : previewer.facts;
  }

  async load(source: DataSource): Promise<LoadedFacts> {
    return this.read(asTheRunReads(source, this.reading), this.previewer?.facts.inputs[0]);
  }

  async preview(rows: readonly number[]): Promise<OwnPreview> {
    if (!this.previewer) throw new TandemError('BAD_STATE', 'no run was looked at', 'call describe first');
    const { data, own } = this.ownData;
    const { train } = matchNames(data, this.previewer.facts.names).data;
    checkRows(train, rows);
    const preview = await this.previewer.of(train, rows);
    return { ...preview, own: (await own?.(rows.map((row) => originOf(train, row)))) ?? [] };
  }

  async train(address: RunAddress, { keep = false }: TrainOptions = {}): Promise<RunOutcome> {
    if (this.isTraining) throw new TandemError('BAD_STATE', 'this tab is training already', 'leave that run first');
    const loaded = this.ownData;
    this.isTraining = true;
    try {
      const hold = this.part.held ?? (keep ? await this.part.begin(this.ownPart(address)) : undefined);
      this.training = new TabTraining({
        url: address.url,
        party: address.party,
        loaded,
        engine: await this.readyEngine(),
        entrance: this.entrance(address),
        gate: this.gate,
        hold,
        onProgress: (progress) => this.post({ kind: 'progress', progress }),
        onTesting: (progress) => this.post({ kind: 'testing', progress }),
        onLink: (news) => this.post({ kind: 'link', news }),
        onKeeping: (text) => this.post({ kind: 'keeping', text }),
      });
      const ended = (thrown?: unknown) => hold && this.part.ended(hold, thrown);
      const outcome = await this.training.run().catch(async (error: unknown) => {
        await ended(error);
        throw error;
      });
      await ended();
      return outcome;
    } finally {
      this.isTraining = false;
    }
  }

  async pause(isPaused: boolean): Promise<void> {
    this.gate.set(isPaused);
  }

  async leave(): Promise<void> {
    this.training?.leave();
  }

  async wake(wake: Wake): Promise<void> {
    if (!this.isTraining) return;
    if (wake === 'renew') await this.training?.renew();
    else this.training?.hurry();
  }

  kept({ url }: RunAddress): Promise<KeptFacts | null> {
    return this.part.look(url);
  }

  async hold({ url }: RunAddress, wish: LockWish): Promise<LoadedFacts | null> {
    const hold = await this.part.goOn(url, wish);
    if (!hold) return null;
    return this.read(hold.part.source, hold.part.input);
  }

  async loadKept({ url }: RunAddress): Promise<LoadedFacts> {
    const kept = await (await this.part.keeper()).source(url);
    if (!kept) throw new TandemError('BAD_STATE', 'no data are kept here', 'give them once more');
    return this.load(kept.source);
  }

  async forget({ url }: RunAddress): Promise<void> {
    await this.part.forget(url);
  }

  async predict(address: RunAddress, inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
    const transport = await this.toInfer(address).connect(address.url);
    const batch = { inputs: [...inputs], labels: [] };
    for await (const { outputs } of predictOver(transport, [batch], await this.readyEngine())) return outputs;
    throw new TandemError('LINK_LOST', 'the server sent no prediction');
  }

  async download(address: RunAddress): Promise<LayersFiles> {
    // It is for those who train, so with the invite to train.
    const files = await fetchMergedModel((path) => this.entrance(address).get(address.url, path));
    const model = await OwnModel.open(files, await this.readyEngine());
    this.ownModel?.dispose();
    this.ownModel = model;
    return files;
  }

  async predictHere(inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
    if (this.ownModel) return this.ownModel.predict(inputs);
    throw new TandemError('BAD_STATE', 'the merged model is not here', 'call download first');
  }

  private async readyEngine(): Promise<Engine> {
    if (!this.engine) await this.prepare({});
    return this.engine as Engine;
  }

  /** Some times a second: chunks are small. */
  private readonly onLoading: OnLoading = (loading) => {
    if (performance.now() - this.toldMs < TELL_MS && loading.bytes !== loading.of) return;
    this.toldMs = performance.now();
    this.post({ kind: 'loading', loading });
  };

  /** One source after the other, so that what was chosen last is what is used. */
  private read(source: DataSource, input?: TensorSpec): Promise<LoadedFacts> {
    const reading = this.lastReading.then(async () => {
      // Whatever becomes of it: nobody means the data of before any more.
      this.loaded = this.source = undefined;
      const loaded = await loadSource(source, input, this.onLoading);
      const { data } = loaded;
      // What the run calls otherwise is refused before anybody agrees to anything.
      const { names } = matchNames(data, this.previewer?.facts.names ?? data.names ?? {});
      const classes = names.classes ?? loaded.classes;
      this.loaded = loaded;
      this.source = source;
      const sizes = loaded.shareSizes ?? { samples: data.train.size, testSamples: data.test?.size ?? 0 };
      return { ...sizes, shown: data.train.size, classes, notes: data.notes ?? [] };
    });
    // The caller gets the error; the next reading only waits for the end of this one.
    this.lastReading = reading.catch(() => undefined);
    return reading;
  }

  /** The part that is about to begin. */
  private ownPart({ url, party }: RunAddress) {
    if (!this.previewer || !this.source)
      throw new TandemError('BAD_STATE', 'no run was looked at', 'call describe first');
    return keptPart(url, this.previewer.facts, this.source, party);
  }

  private get ownData(): LoadedSource {
    if (this.loaded) return this.loaded;
    throw new TandemError('BAD_STATE', 'no data were loaded', 'load data first');
  }

  private toInfer({ inferInvite, invite, ticket, ...rest }: RunAddress): Entrance {
    const own = inferInvite ?? invite;
    return this.entrance({ ...rest, ...(own === undefined ? {} : { invite: own }), ...(ticket ? { ticket } : {}) });
  }

  /** One for all links with the same invite, which may be good for one use only. */
  private entrance({ url, invite, ticket }: RunAddress): Entrance {
    const key = JSON.stringify([url, invite, ticket]);
    const known = this.entrances.get(key);
    if (known) return known;
    const options = { ...(invite === undefined ? {} : { invite }), ...(ticket === undefined ? {} : { ticket }) };
    const keyFor = async (own: string) => {
      // A page that can keep nothing has nothing to look up.
      const keeper = await this.part.keeper().catch(() => undefined);
      return keeper ? keeper.entryKey(url, own) : newEntryKey();
    };
    const entrance = new Entrance(options, keyFor);
    this.entrances.set(key, entrance);
    return entrance;
  }
}
