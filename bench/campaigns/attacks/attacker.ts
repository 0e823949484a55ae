import { connect } from '../../../client/node/connect.js';
import { asTandemError, isRefusalCode, TandemError } from '../../../shared/errors.js';
import { float32, int32 } from '../../../shared/ndarray.js';
import { Link } from '../../../shared/protocol/link.js';
import type { Message, MessageName } from '../../../shared/protocol/messages.js';
import { hello } from '../hello.js';

/** A client that says what it likes, in the product's own messages. */
export class Attacker {
  private readonly heard: AsyncGenerator<Message, void>;

  private constructor(readonly link: Link) {
    this.heard = link.messages();
  }

  static async connect(url: string): Promise<Attacker> {
    return new Attacker(new Link(await connect(url)));
  }

  /** Joins, and opens the model; what comes next is for the caller to say. */
  static async join(url: string, role: 'train' | 'infer' = 'train', change: Partial<Message<'hello'>> = {}) {
    const attacker = await Attacker.connect(url);
    attacker.say({ ...hello(role), ...change });
    await attacker.until(role === 'train' ? 'model' : 'bottom');
    return attacker;
  }

  say(message: Message): void {
    this.link.send(message);
  }

  /** The next message that is not about the link. Throws what the server refuses with, and LINK_LOST. */
  async hear(): Promise<Message> {
    for (;;) {
      const { value: message } = await this.heard.next();
      if (!message) throw new TandemError('LINK_LOST', 'the server closed the link');
      if (message.type === 'error') {
        throw new TandemError(isRefusalCode(message.code) ? message.code : 'INTERNAL', message.message);
      }
      if (message.type === 'ping') this.say({ type: 'settled', number: 0 });
      else return message;
    }
  }

  /** The next message of this name; others are left aside. */
  async until<N extends MessageName>(name: N): Promise<Message<N>> {
    for (;;) {
      const message = await this.hear();
      if (message.type === name) return message as Message<N>;
    }
  }

  leave(): void {
    this.link.close();
  }
}

/** Smashed data of the task of the attacks, and labels to go with them. */
export function batch(
  rows: number,
  value: number | ((place: number) => number) = (i) => ((i * 37) % 19) / 19,
  width = 8,
) {
  const at = typeof value === 'number' ? () => value : value;
  return {
    tensors: [
      float32(
        [rows, width],
        Float32Array.from({ length: rows * width }, (_, i) => at(i)),
      ),
    ],
    labels: [
      int32(
        [rows],
        Int32Array.from({ length: rows }, (_, i) => i % 3),
      ),
    ],
  };
}

export interface Play {
  readonly samples: number;
  readonly testSamples?: number;
  /** Values of a sample at the cut. */
  readonly width?: number;
  /** Holds the whole model, so that it reports steps. */
  readonly whole?: boolean;
  /** What to upload in place of what came. */
  readonly upload?: (bottom: Uint8Array) => Uint8Array;
  /** What to do when told to evaluate. */
  readonly evaluate?: (attacker: Attacker, message: Message<'evaluate'>) => Promise<void> | void;
}

/** Plays along from `model` to the end of the run but for what is given. Answers how it ended: `finished`, or a code. */
export async function playAlong(attacker: Attacker, play: Play): Promise<string> {
  const { samples, testSamples = 0, width = 8, whole = false, upload = (bottom) => bottom, evaluate } = play;
  attacker.say({ type: 'ready', samples, testSamples });
  let bottom: Uint8Array = new Uint8Array();
  let updates: number | null = null;
  let step = 0;
  try {
    for (;;) {
      const message = await attacker.hear();
      if (message.type === 'finished') return message.type;
      if (message.type === 'bottom') [bottom, updates] = [message.payload.slice(), message.updates];
      else if (message.type === 'evaluate') await (evaluate ?? evaluateNothing)(attacker, message);
      else if (message.type === 'train') {
        for (let left = message.steps; left > 0; left--) {
          step++;
          if (whole) attacker.say({ type: 'trained', step, samples: 4, loss: 1 });
          else attacker.say({ type: 'smashed', step, ...batch(4, (i) => (((i + step) * 37) % 19) / 19, width) });
          await attacker.until(whole ? 'applied' : 'cutGradient');
        }
        attacker.say({ type: 'bottom', round: message.round, updates, payload: upload(bottom) });
      }
    }
  } catch (error) {
    return asTandemError(error).code;
  }
}

function evaluateNothing(attacker: Attacker, { round }: Message<'evaluate'>): void {
  attacker.say({ type: 'evaluated', round, loss: null, sums: [], confusion: [] });
}
