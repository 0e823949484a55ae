import type { Message } from '../../shared/protocol/messages.js';
import type { Rng } from '../../shared/rng.js';
import { digestText, noDigest } from '../../shared/session/digest.js';
import { hello } from './hello.js';
import { say, type Answer } from './ask-for.js';

/** What a resume asks for that knows nothing yet. */
const start = { received: 0, digest: digestText(noDigest), settled: 0 };
const resume = (session: string): Message<'resume'> => ({ type: 'resume', session, ...start });
const ping: Message = { type: 'ping' };

/** A fresh ticket of each kind. */
export interface Tickets {
  /** Of the invite that opened the session. */
  readonly own: () => Promise<string>;
  readonly foreign: Readonly<Record<string, () => Promise<string>>>;
}

/** A session that is open, one that is over, and those who try to go on with either. */
export class WrongSessions {
  private constructor(
    private readonly url: string,
    private readonly tickets: Tickets,
    private readonly live: string,
    private readonly over: string,
  ) {}

  static async open(url: string, tickets: Tickets): Promise<WrongSessions> {
    const begin = async (shard: [number, number], messages: Message[], stay: boolean) => {
      const { session, said } = await say(
        url,
        await tickets.own(),
        [{ ...hello('train', shard), resumes: true }, ...messages],
        stay,
      );
      if (session === undefined) throw new Error(`no session was opened: ${said}`);
      return session;
    };
    const over = await begin([0, 2], [{ type: 'bye' }], false);
    // Its place is free as soon as the server has heard the goodbye.
    for (;;) {
      try {
        return new WrongSessions(url, tickets, await begin([0, 2], [], true), over);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  get ids(): readonly string[] {
    return [this.live, this.over];
  }

  /** Who opened it may go on. */
  async honest(): Promise<Answer> {
    return say(this.url, await this.tickets.own(), [resume(this.live)], true);
  }

  async attempt(rng: Rng): Promise<[kind: string, answer: Answer]> {
    const { live, over } = this;
    const foreign = Object.entries(this.tickets.foreign);
    const [name, ticket] = foreign[rng.int(foreign.length)]!;
    const at = rng.int(live.length);
    const forged = [
      crypto.randomUUID(),
      live.toUpperCase() === live ? `${live} ` : live.toUpperCase(),
      live.slice(0, at),
      `${live.slice(0, at)}${live[at] === '0' ? '1' : '0'}${live.slice(at + 1)}`,
      '__proto__',
      '',
    ];
    const attempts: [string, () => Promise<string>, Message[]][] = [
      ['forged id', this.tickets.own, [resume(forged[rng.int(forged.length)]!)]],
      ['session that is over', this.tickets.own, [resume(over)]],
      [`session of another, as ${name}`, ticket, [resume(live)]],
      [`session of another after a ping, as ${name}`, ticket, [ping, resume(live)]],
      ['hello to train after a ping, as infer', this.tickets.foreign.infer!, [ping, hello('train', [1, 2])]],
    ];
    const [kind, take, messages] = attempts[rng.int(attempts.length)]!;
    return [`wrong session: ${kind}`, await say(this.url, await take(), messages)];
  }
}
