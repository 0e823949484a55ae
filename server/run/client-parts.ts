import { aggregationText } from '../../shared/aggregation.js';
import { bottomRefusalOf, depthRefusalOf } from '../../shared/combinations.js';
import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';
import { segmentBytes } from '../../shared/model/bottom-payload.js';
import type { PlacedModel } from '../../shared/model/build.js';
import type { CutModel } from '../../shared/model/cut.js';
import type { Message } from '../../shared/protocol/messages.js';
import { OWN_BOTTOM } from '../../shared/task-fields.js';
import type { Task } from '../../shared/task.js';
import { AgreedNames } from './agreed-names.js';
import { namesOfTask } from '../../shared/task-names.js';
import { usualHolding, type Holding } from '../session/holding.js';
import type { FurtherPart } from './bottoms.js';
import { clientPart, type ClientPart } from './client-part.js';
import { largest } from '../../shared/extremes.js';

/**
 * What clients of a run may hold: the segments the topology gives them; where clients may differ, also further segments, up
 * to but not including the last, and other bottoms.
 */
export class ClientParts {
  /** The names of classes and columns. */
  readonly names: AgreedNames;
  /** By the name of the bottom, and by how many more segments a client holds than the topology gives it. */
  private readonly parts: ReadonlyMap<string, readonly ClientPart[]>;
  /** How many segments the topology gives a client. */
  private readonly common: number;
  private readonly refusal: string | undefined;
  private readonly bottomRefusal: string | undefined;
  /** Bottoms that do not fit through relays, which allow messages as large as the task's own bottom needs. */
  private readonly heavy: readonly string[];

  constructor(task: Task, placed: PlacedModel, settings: RunSettings) {
    this.names = new AgreedNames(namesOfTask(task));
    const { topology, schedule, aggregation } = settings;
    const { placement } = placed;
    this.common = placement.client.length;
    this.refusal = depthRefusalOf(topology, schedule, aggregationText(aggregation));
    this.bottomRefusal = bottomRefusalOf(topology, schedule);
    const most = this.refusal === undefined ? placement.server.length - 1 : 0;
    const withCut = (cut: CutModel) =>
      Array.from({ length: most + 1 }, (_, extra) => {
        const client = [...placement.client, ...placement.server.slice(0, extra)];
        return clientPart(task, { ...placed, cut, placement: { ...placement, client } }, settings);
      });
    const { specs, weights } = placed.cut;
    const bottoms = this.bottomRefusal === undefined ? placed.bottoms : [];
    this.parts = new Map([
      [OWN_BOTTOM, withCut(placed.cut)],
      ...bottoms.map((bottom) => {
        const cut = { specs: [bottom.spec, ...specs.slice(1)], weights: [bottom.weights, ...weights.slice(1)] };
        return [bottom.name, withCut(cut)] as const;
      }),
    ]);
    const own = stateBytes(this.usual);
    const isHeavy = ({ name }: { name: string }) => stateBytes(this.of({ entry: 0, bottom: name })) > own;
    this.heavy = placement.relayed > 0 ? bottoms.filter(isHeavy).map(({ name }) => name) : [];
  }

  /** The bottoms that a client may have instead of the task's own. */
  get further(): FurtherPart[] {
    const names = [...this.parts.keys()].filter((name) => name !== OWN_BOTTOM);
    return names.flatMap((name) => {
      const { parts, weights } = this.of({ entry: 0, bottom: name });
      return parts[0] ? [{ ...parts[0], name, weights: weights[0] ?? [] }] : [];
    });
  }

  /** What a client holds unless it asks for something else. */
  get usual(): ClientPart {
    return this.of(usualHolding);
  }

  /** The most that a client may hold. */
  get most(): ClientPart {
    return this.of({ ...usualHolding, entry: this.depths - 1 });
  }

  get maxMessageBytes(): number {
    return largest([...this.parts.values()].flat().map((part) => part.maxMessageBytes));
  }

  get maxQueryBytes(): number {
    return largest([...this.parts.values()].flat().map((part) => part.maxQueryBytes));
  }

  /** A client's `model` message and its rules. */
  given(holding: Holding): Pick<ClientPart, 'rules'> & { readonly model: Message<'model'> } {
    const part = this.of(holding);
    return { rules: part.rules, model: this.names.modelOf(part) };
  }

  of({ entry, bottom }: Holding): ClientPart {
    const part = this.parts.get(bottom ?? OWN_BOTTOM)?.[entry];
    if (!part) throw new TandemError('INTERNAL', `there is no part '${bottom ?? ''}' with ${entry} more segments`);
    return part;
  }

  /**
   * Decides what a client holds. `mayDiffer` says whether it may ask for more segments than usual: their weights at the start of a round
   * are known only where some client has held them, or before the first round. Throws BAD_OPTION with the reason.
   */
  holding(hello: Pick<Message<'hello'>, 'role' | 'segments' | 'bottom'>, mayDiffer: boolean): Holding {
    return { entry: this.extra(hello, mayDiffer), bottom: this.bottomOf(hello) };
  }

  private get depths(): number {
    return this.parts.get(OWN_BOTTOM)?.length ?? 1;
  }

  private bottomOf({ bottom }: Pick<Message<'hello'>, 'bottom'>): string | null {
    if (bottom === null || bottom === OWN_BOTTOM) return null;
    if (this.heavy.includes(bottom)) {
      const what = `the bottom '${bottom}' has more weights than the task's own, and relays take no larger messages than that one needs`;
      throw new TandemError('BAD_OPTION', what, 'join without --bottom, or serve with --topology vanilla');
    }
    if (this.parts.has(bottom)) return bottom;
    const names = [...this.parts.keys()].join(', ');
    const why = this.bottomRefusal === undefined ? '' : `: ${this.bottomRefusal}`;
    throw new TandemError(
      'BAD_OPTION',
      `the client asked for the bottom '${bottom.slice(0, 40)}', this run has ${names}${why}`,
      'join without --bottom, or with one the run has',
    );
  }

  /** How many more segments than usual a client gets. */
  private extra({ role, segments }: Pick<Message<'hello'>, 'role' | 'segments'>, mayDiffer: boolean): number {
    const extra = (segments ?? this.common) - this.common;
    if (extra > 0 && (role === 'infer' || !mayDiffer)) {
      const why = role === 'infer' ? 'it does not train' : 'the run has begun without any like it';
      const what = `the client asked for ${segments ?? 0} segments, ${extra} more than others, and ${why}`;
      throw new TandemError('BAD_OPTION', what, 'join without --segments');
    }
    if (extra >= 0 && extra < this.depths) return extra;
    const most = this.common + this.depths - 1;
    throw new TandemError(
      'BAD_OPTION',
      `the client asked for ${segments ?? 0} segments, this run gives ${this.common === most ? most : `${this.common} to ${most}`}` +
        (this.refusal === undefined ? '' : `: ${this.refusal}`),
      'join without --segments, or with a number the run gives',
    );
  }
}

function stateBytes({ parts: [bottom] }: ClientPart): number {
  return bottom ? segmentBytes(bottom.spec, bottom.optimizer, 1) : 0;
}
