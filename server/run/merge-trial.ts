import type { Engine, Segment } from '../../shared/engine/engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import type { PlacedModel } from '../../shared/model/build.js';
import type { SegmentSpec } from '../../shared/model/segment-spec.js';
import { areFinite, largestOf, type NdArray } from '../../shared/ndarray.js';
import type { BottomContents, FurtherPart } from './bottoms.js';
import { inChainOrder } from './client-part.js';
import { cannotOverflow, LARGEST_TRAINED, MOST_GROWTH } from './overflow.js';
import { probeOf } from './probe.js';
import type { RunHostOptions } from './run-host-options.js';

/** A whole model: what clients hold, and what lanes do. */
export interface WholeModel {
  readonly bottoms: BottomContents;
  readonly tops: readonly (readonly NdArray[])[];
}

interface Link {
  readonly spec: SegmentSpec;
  readonly weights: readonly NdArray[];
}

type Chain = readonly Link[];

export interface MergeTrialOptions {
  readonly engine: Engine;
  readonly placed: Pick<PlacedModel, 'cut' | 'placement'>;
  readonly further: readonly Pick<FurtherPart, 'name' | 'spec'>[];
  readonly seed: number;
  /** Of the task's own layers, as `SegmentOptions` says. */
  readonly source?: string | undefined;
}

/** Lengths tried for dimensions without one: some layers need a few steps. */
const LENGTHS = [6, 24, 96];

/** With larger values between segments, the gradient of an honest client could exceed what a lane allows. */
const LARGEST_VALUE = 1e7;

/** Tries a merged model before it is sent out: each of its weights may be finite, and their product overflow. */
export class MergeTrial {
  private readonly segments = new Map<SegmentSpec, Promise<Segment>>();

  constructor(private readonly options: MergeTrialOptions) {}

  static of(
    { engine, settings, task }: Pick<RunHostOptions, 'engine' | 'settings' | 'task'>,
    placed: MergeTrialOptions['placed'],
    further: MergeTrialOptions['further'],
  ): MergeTrial {
    return new MergeTrial({ engine, seed: settings.seed, source: task.source, placed, further });
  }

  /** Whether clients can go on from a model. `before` is the last merge: a probe that fails with that one, too, proves nothing. */
  async isUsable(model: WholeModel, before: WholeModel): Promise<boolean> {
    for (const bottom of this.changed(model, before)) {
      if (!(await this.isUsableChain(this.chain(model, bottom), this.chain(before, bottom)))) return false;
    }
    return true;
  }

  dispose(): void {
    for (const segment of this.segments.values()) {
      // What could not be built has nothing to free.
      void segment.then((opened) => opened.dispose()).catch(() => undefined);
    }
    this.segments.clear();
  }

  /** The bottoms that were merged; null stands for the task's own. */
  private changed({ bottoms }: WholeModel, before: WholeModel): (string | null)[] {
    const names = this.options.further.map(({ name }) => name);
    const further = names.filter((name) => bottoms.further[name] !== before.bottoms.further[name]);
    const isOwn = bottoms.segments[0] !== before.bottoms.segments[0];
    return isOwn || further.length === 0 ? [null, ...further] : further;
  }

  private chain({ bottoms, tops }: WholeModel, bottom: string | null): Chain {
    const { placed, further } = this.options;
    const weights = inChainOrder(
      placed.placement,
      bottoms.segments.map((segment) => segment.weights),
      tops,
    );
    const own = placed.cut.specs.map((spec, i) => ({ spec, weights: weights[i] ?? [] }));
    const other = further.find(({ name }) => name === bottom);
    if (bottom === null || !other) return own;
    return [{ spec: other.spec, weights: bottoms.further[bottom]?.weights ?? [] }, ...own.slice(1)];
  }

  private async isUsableChain(chain: Chain, before: Chain): Promise<boolean> {
    if (!hasUsableWeights(chain, before)) return false;
    if (cannotOverflow(chain)) return true;
    for (const length of LENGTHS) {
      const values = await this.largest(chain, length);
      if (isWithin(values, LARGEST_VALUE)) return true;
      const usual = await this.largest(before, length);
      // A length that the layers do not take, or a model that was not usable before.
      if (!usual?.every(Number.isFinite)) continue;
      return values?.every((value, i) => value <= Math.max(LARGEST_VALUE, MOST_GROWTH * (usual[i] ?? 0))) ?? false;
    }
    return true;
  }

  /** The largest value that each segment makes of a probe; undefined where it cannot be computed. */
  private async largest(chain: Chain, length: number): Promise<number[] | undefined> {
    const found: number[] = [];
    try {
      let inputs: readonly NdArray[] = (chain[0]?.spec.inputs ?? []).map((spec) => probeOf(spec, length));
      for (const { spec, weights } of chain) {
        const segment = await this.segment(spec, weights);
        await segment.setWeights(weights);
        ({ outputs: inputs } = await segment.predict({ inputs }));
        found.push(areFinite(inputs) ? largestOf(inputs) : Infinity);
      }
      return found;
    } catch {
      // The caller tries the last merge, too, which tells whether the length is at fault.
      return undefined;
    }
  }

  private segment(spec: SegmentSpec, weights: readonly NdArray[]): Promise<Segment> {
    const { engine, seed, source } = this.options;
    const own = source === undefined ? {} : { source };
    const known =
      this.segments.get(spec) ?? engine.segment({ spec, weights, optimizer: sgd(), seed, stream: 0, ...own });
    this.segments.set(spec, known);
    return known;
  }
}

function isWithin(values: readonly number[] | undefined, most: number): boolean {
  return values?.every((value) => value <= most) ?? false;
}

/** Whether all weights are finite and no trained one has grown beyond all proportion in one round. */
function hasUsableWeights(chain: Chain, before: Chain): boolean {
  return chain.every(({ spec, weights }, i) => {
    if (!areFinite(weights)) return false;
    const trained = (all: readonly NdArray[]) => all.filter((_, w) => spec.weights[w]?.trainable);
    const largest = largestOf(trained(weights));
    return largest <= LARGEST_TRAINED || largest <= MOST_GROWTH * largestOf(trained(before[i]?.weights ?? []));
  });
}
