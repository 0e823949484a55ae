import { asTandemError } from '../../../shared/errors.js';
import { encodeMessage } from '../../../shared/protocol/message-codec.js';
import { agreeBy, noAgreement, type Agreement } from '../../../shared/protocol/capabilities.js';
import { decodeMessage } from '../../../shared/protocol/message-codec.js';
import { definitions, type Message, type MessageName } from '../../../shared/protocol/messages.js';
import { createRng, type Rng } from '../../../shared/rng.js';
import type { Transport } from '../../../shared/transport/transport.js';
import { madeUp, oddMessage, pick } from './odd-values.js';
import type { WorldClock } from './world-clock.js';

/** What somebody lies about, and how often. */
interface Temper {
  /** How often it changes a message of those that it lies about. */
  readonly share: number;
  /** Of one message in so many: says it twice, keeps it back, or makes one up. */
  readonly disorder: number;
  readonly pauses: number;
  /** How many messages it goes on for before it leaves, falls silent, or says one thing at a time. */
  readonly stamina: number;
  readonly end: 'leaves' | 'silent' | 'drips';
}

/** The side whose messages these are. */
export type Liar = 'client' | 'server';

const namesOf = (side: Liar) =>
  (Object.entries(definitions) as [MessageName, { readonly from: string }][])
    .filter(([, { from }]) => from === side || from === 'both')
    .map(([name]) => name);

const NAMES = { client: namesOf('client'), server: namesOf('server') } as const;
/** Without these nobody gets far. */
const DOORS: ReadonlySet<MessageName> = new Set<MessageName>(['hello', 'welcome', 'resume', 'resumed']);
/** Fields that say what comes after what. */
const ORDER: ReadonlySet<string> = new Set(['step', 'round', 'id', 'number', 'received', 'settled', 'digest']);
const NEVER = 1_000_000;

function temperOf(rng: Rng): Temper {
  const isLasting = rng.int(2) === 0;
  return {
    share: pick(rng, [0.03, 0.2, 1]),
    disorder: pick(rng, [NEVER, NEVER, 200, 30, 8]),
    pauses: pick(rng, [NEVER, 60, 12]),
    stamina: isLasting ? 160 : pick(rng, [1, 3, 6, 10, 20, 40]),
    end: pick(rng, ['leaves', 'silent', 'drips']),
  };
}

/** The other end of a link as an honest program uses it, which says what it likes instead: all in the frames of the protocol. */
export class LyingTransport implements Transport {
  private readonly rng: Rng;
  private readonly temper: Temper;
  /** What it has made up its mind about: the fields of a message that it changes, or that it says as it is. */
  private readonly about = new Map<MessageName, readonly string[]>();
  private agreement: Agreement = noAgreement;
  private said = 0;
  private going: Promise<void> = Promise.resolve();
  private readonly kept: Message[] = [];
  private over = false;

  constructor(
    private readonly inner: Transport,
    seed: string,
    private readonly side: Liar,
    private readonly clock: WorldClock,
  ) {
    this.rng = createRng('liar', seed);
    this.temper = temperOf(this.rng);
  }

  /** For people who look into a seed. */
  get habits(): string {
    const about = [...this.about].flatMap(([name, fields]) => (fields.length > 0 ? `${name}: ${fields.join()}` : []));
    return JSON.stringify({ about, ...this.temper });
  }

  get hasRoom(): boolean {
    return this.inner.hasRoom;
  }

  onRoom(callback: () => void): void {
    this.inner.onRoom(callback);
  }

  async *frames(): AsyncGenerator<Uint8Array, void> {
    for await (const bytes of this.inner.frames()) {
      this.hear(bytes);
      yield bytes;
    }
  }

  close(status?: number, reason?: string): void {
    // What it has to say is said first.
    void this.going.then(() => this.inner.close(status, reason));
  }

  send(bytes: Uint8Array): void {
    const message = decodeMessage(bytes, this.agreement);
    this.agreement = agreeBy(this.agreement, message);
    this.going = this.going.then(() => this.say(message)).catch(() => undefined);
  }

  private async say(message: Message): Promise<void> {
    const { rng, temper, clock } = this;
    if (this.over) return;
    if (++this.said > temper.stamina) {
      if (temper.end === 'drips') await clock.pause(0.4 + rng.float());
      else return this.end();
    }
    if (rng.int(temper.pauses) === 0) await clock.pause(3 * rng.float());
    const fields = this.topics(message.type);
    const lies = fields.length > 0 && rng.float() < temper.share;
    const words = lies ? oddMessage(rng, message, fields) : message;
    if (rng.int(temper.disorder) === 0) return this.disorder(words);
    this.put(words);
    this.kept.splice(0).forEach((late) => this.put(late));
  }

  /** Decided when it first says such a message, so that lies are about what is said in its run. */
  private topics(name: MessageName): readonly string[] {
    const known = this.about.get(name);
    if (known) return known;
    const { rng } = this;
    const lies = rng.int(DOORS.has(name) ? 20 : 3) === 0;
    const fields = Object.keys(definitions[name].fields);
    // Whoever errs in an order is put out at once, and has said nothing else.
    const claims = fields.filter((field) => !ORDER.has(field) || rng.int(8) === 0);
    const chosen = lies && claims.length > 0 ? [pick(rng, claims), ...claims.filter(() => rng.int(4) === 0)] : [];
    this.about.set(name, chosen);
    return chosen;
  }

  private disorder(message: Message): void {
    switch (this.rng.int(3)) {
      case 0:
        this.put(message);
        this.put(message);
        break;
      case 1:
        this.kept.push(message);
        break;
      default:
        this.put(madeUp(this.rng, NAMES[this.side]));
        this.put(message);
    }
  }

  private end(): void {
    this.over = true;
    if (this.temper.end === 'leaves') this.inner.close(pick(this.rng, [1000, 1001, 4400]), 'gone');
  }

  /** What the protocol does not let anybody write is said as it was meant to be. */
  private put(message: Message): void {
    try {
      this.inner.send(encodeMessage(message, this.agreement));
    } catch (error) {
      if (asTandemError(error).code === 'LINK_LOST') this.over = true;
    }
  }

  private hear(bytes: Uint8Array): void {
    try {
      this.agreement = agreeBy(this.agreement, decodeMessage(bytes, this.agreement));
    } catch {
      // It is read by who has to do with it.
    }
  }
}
