import { depthRefusalOf } from '../../shared/combinations.js';
import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';
import type { PlacedModel } from '../../shared/model/build.js';
import type { Message } from '../../shared/protocol/messages.js';
import { findSchedule } from '../../shared/schedules.js';
import type { Task } from '../../shared/task.js';
import { findTopology } from '../../shared/topologies.js';
import { clientPart, type ClientPart } from './client-part.js';

/**
 * What clients of a run may hold: what the topology gives them, and where they may differ, also the segments above it up
 * to the last, which is the server's.
 */
export class ClientParts {
  /** By how many segments a client holds beyond what the topology gives it. */
  private readonly parts: readonly ClientPart[];
  /** How many segments the topology gives a client. */
  private readonly common: number;
  private readonly refusal: string | undefined;

  constructor(task: Task, placed: PlacedModel, settings: RunSettings) {
    const { topology, schedule, aggregation } = settings;
    const { placement } = placed;
    this.common = placement.client.length;
    this.refusal = depthRefusalOf(findTopology(topology), findSchedule(schedule), aggregation);
    const most = this.refusal === undefined ? placement.server.length - 1 : 0;
    this.parts = Array.from({ length: most + 1 }, (_, extra) => {
      const client = [...placement.client, ...placement.server.slice(0, extra)];
      return clientPart(task, { ...placed, placement: { ...placement, client } }, settings);
    });
  }

  /** What a client gets that asks for nothing else. */
  get usual(): ClientPart {
    return this.of(0);
  }

  /** What the strongest client may get. */
  get most(): ClientPart {
    return this.of(this.parts.length - 1);
  }

  get maxMessageBytes(): number {
    return Math.max(...this.parts.map((part) => part.maxMessageBytes));
  }

  of(extra: number): ClientPart {
    const part = this.parts[extra];
    if (!part) throw new TandemError('INTERNAL', `there is no part with ${extra} more segments`);
    return part;
  }

  /**
   * How many segments beyond the usual a client gets. `mayDiffer` says whether it is early enough: what the segments were when a
   * round began is known only where some client holds them, or before the first. Throws BAD_OPTION with the reason.
   */
  extra({ role, segments }: Pick<Message<'hello'>, 'role' | 'segments'>, mayDiffer: boolean): number {
    const extra = (segments ?? this.common) - this.common;
    if (extra > 0 && (role === 'infer' || !mayDiffer)) {
      const why = role === 'infer' ? 'it does not train' : 'the run has begun without any like it';
      const what = `the client asked for ${segments ?? 0} segments, ${extra} more than others, and ${why}`;
      throw new TandemError('BAD_OPTION', what, 'join without --segments');
    }
    if (extra >= 0 && extra < this.parts.length) return extra;
    const most = this.common + this.parts.length - 1;
    throw new TandemError(
      'BAD_OPTION',
      `the client asked for ${segments ?? 0} segments, this run gives ${this.common === most ? most : `${this.common} to ${most}`}` +
        (this.refusal === undefined ? '' : `: ${this.refusal}`),
      'join without --segments, or with a number the run gives',
    );
  }
}
