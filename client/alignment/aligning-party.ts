import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { createBlinder, newSecret, type Blinder } from '../../shared/alignment/blinder.js';
import { normalIds } from '../../shared/alignment/ids.js';
import { hashToPoints, POINT_BYTES } from '../../shared/alignment/points.js';
import { secretOrder, type RandomWords } from '../../shared/alignment/secret-order.js';
import { nextTurn } from '../../shared/next-turn.js';
import type { Message } from '../../shared/protocol/messages.js';
import { answered, initialAligning, reduceAligning, type AligningState } from './party-reducer.js';

/** What a party brings to the matching of rows by id. */
export interface AligningOptions {
  /** One id a row, in the order of the rows. */
  readonly ids: readonly string[];
  /** Names the table in errors. */
  readonly source?: string;
  readonly blinder?: Blinder;
  readonly random?: RandomWords;
  /** To go on from, with the same ids. */
  readonly restored?: AligningSnapshot | undefined;
}

/** A party's part as plain data, for its own eyes: with its secret it blinds to the same points again. */
export interface AligningSnapshot {
  /** Empty once the rows are known. */
  readonly secret: Uint8Array;
  readonly order: Int32Array;
  readonly state: AligningState;
  readonly rows: Int32Array | null;
}

/**
 * One party's part in finding the rows that all parties have, by private set intersection. Answers each message of the
 * server; then `rows` are this party's rows in the order all parties share. Used once: each run has a secret of its own.
 */
export class AligningParty {
  /** The rows all parties have, ordered by id; undefined before the end. */
  rows: Int32Array | undefined;
  private state: AligningState;

  private constructor(
    private readonly ids: readonly string[],
    private readonly order: Int32Array,
    private readonly blinder: Blinder,
    private readonly secret: Uint8Array,
  ) {
    this.state = initialAligning(ids.length);
  }

  /** Throws BAD_DATA for ids that are empty or there twice. */
  static async open({ ids, source, blinder, random, restored }: AligningOptions): Promise<AligningParty> {
    const normal = normalIds(ids, source);
    const secret = restored?.rows ? newSecret() : (restored?.secret ?? newSecret());
    const order = restored?.order ?? secretOrder(normal.length, random);
    const party = new AligningParty(normal, order, blinder ?? (await createBlinder(secret)), secret);
    if (restored) [party.state, party.rows] = [restored.state, restored.rows ?? undefined];
    return party;
  }

  snapshot(): AligningSnapshot {
    const { order, state, rows = null } = this;
    return { secret: rows ? new Uint8Array(0) : this.secret, order, state, rows };
  }

  /** How much of this party's computing is done, from 0 to 1. */
  get progress(): number {
    const { seen, totals, ids } = this.state;
    const all = totals.reduce<number>((sum, total) => sum + (total ?? ids), 0);
    return all === 0 ? 0 : seen.reduce((sum, count) => sum + count, 0) / all;
  }

  /** The answer to one message of the server. Throws BAD_STATE, BAD_MESSAGE or BAD_VALUE for one that does not fit. */
  async answer(message: Message): Promise<Message<'points' | 'aligned'>> {
    const [state, effect] = reduceAligning(this.state, message);
    this.state = state;
    const reply = await this.perform(effect);
    this.state = answered(this.state);
    return reply;
  }

  private async perform(effect: ReturnType<typeof reduceAligning>[1]): Promise<Message<'points' | 'aligned'>> {
    switch (effect.kind) {
      case 'share': {
        const { owner, first, count } = effect;
        const payload = await this.blinder.blind(await this.hashed(first, count));
        return { type: 'points', owner, first, total: this.ids.length, payload };
      }
      case 'blind':
        return { ...effect.message, payload: await this.blinder.blind(effect.message.payload) };
      case 'send':
        return effect.message;
      case 'order':
        return this.orderById(effect.places);
    }
  }

  private async hashed(first: number, count: number): Promise<Uint8Array> {
    const points = new Uint8Array(count * POINT_BYTES);
    for (let done = 0; done < count; done += HASHES_AT_ONCE) {
      const rows = this.order.subarray(first + done, first + Math.min(count, done + HASHES_AT_ONCE));
      const ids = Array.from(rows, (row) => this.ids[row] ?? '');
      points.set(hashToPoints(ids, this.state.align?.salt ?? ''), done * POINT_BYTES);
      await nextTurn();
    }
    return points;
  }

  /**
   * Sorts the common rows by id, in code units, which needs no locale and is the same everywhere. The digest is of the
   * permutation this makes of the server's order: equal at all parties exactly when they pair the same rows.
   */
  private orderById(places: readonly number[]): Message<'aligned'> {
    const rows = places.map((place) => this.order[place] ?? -1);
    const ids = rows.map((row) => this.ids[row] ?? '');
    const ranks = ids.map((_, rank) => rank).sort((a, b) => ((ids[a] ?? '') < (ids[b] ?? '') ? -1 : 1));
    this.rows = Int32Array.from(ranks, (rank) => rows[rank] ?? -1);
    const bytes = new DataView(new ArrayBuffer(ranks.length * 4));
    ranks.forEach((rank, i) => {
      bytes.setInt32(i * 4, rank, true);
    });
    return { type: 'aligned', rows: ranks.length, digest: bytesToHex(sha256(new Uint8Array(bytes.buffer))) };
  }
}

/** About 50 ms of hashing. */
const HASHES_AT_ONCE = 256;
