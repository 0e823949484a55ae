import { describe, expect, it } from 'vitest';
import type { LinkNews } from '../../client/link-news.js';
import { openLink } from '../../client/open-link.js';
import { Reconnect } from '../../client/reconnect.js';
import type { Clock } from '../../shared/clock.js';
import { TandemError } from '../../shared/errors.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { pauseSeconds } from '../../shared/session/backoff.js';
import { digestText, noDigest } from '../../shared/session/digest.js';
import { Heartbeat } from '../../shared/session/heartbeat.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import { Patience } from '../../shared/session/patience.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { HandClock } from '../helpers/hand-clock.js';
import { SteppedClock } from '../helpers/stepped-clock.js';
import { goldenMessages } from '../protocol/golden-messages.js';

const gone = new TandemError('LINK_LOST', 'the link broke (1006)');

describe('pauses between attempts', () => {
  const options = { firstSeconds: 0.3, capSeconds: 7 };

  it('double up to a cap, with any share of it', () => {
    const longest = Array.from({ length: 7 }, (_, failures) => pauseSeconds(failures, 1, options));
    expect(longest).toEqual([0.3, 0.6, 1.2, 2.4, 4.8, 7, 7]);
    expect(pauseSeconds(3, 0.25, options)).toBeCloseTo(0.6);
    expect(pauseSeconds(40, 0, options)).toBe(0);
    expect(pauseSeconds(2_000, 0.5, options)).toBe(3.5);
  });
});

/** A clock that notes the pauses it was asked for. */
class NotingClock extends HandClock implements Clock {
  readonly asked: number[] = [];

  override after(seconds: number, callback: () => void): () => void {
    this.asked.push(seconds);
    return super.after(seconds, callback);
  }
}

describe('coming back', () => {
  const flush = () => new Promise((resolve) => setImmediate(resolve));

  function lostLink(connect: () => Promise<never>) {
    const clock = new NotingClock();
    const reconnect = new Reconnect({
      connect,
      clock,
      random: () => 0.5,
      patienceSeconds: 9,
      backoff: { firstSeconds: 1, capSeconds: 4 },
    });
    const link = new LastingLink({ heartbeatSeconds: 60, lost: () => undefined });
    return { clock, reconnect, link };
  }

  it('waits longer after each failure, and gives up when patience runs out', async () => {
    const { clock, reconnect, link } = lostLink(() => Promise.reject(new TandemError('UNREACHABLE', 'nobody')));
    const ended = expect(link.messages().next()).rejects.toThrow(/within 9 s; before that, nobody/);
    reconnect.lost(link, gone);
    while (clock.pass()) await flush();
    expect(clock.asked).toEqual([0.5, 1, 2, 2, 2]);
    await ended;
  });

  it('starts from the shortest pause again only after the link stayed up', async () => {
    const { clock, reconnect, link } = lostLink(() => new Promise(() => undefined));
    reconnect.lost(link, gone);
    clock.pass();
    reconnect.back();
    reconnect.lost(link, gone);
    expect(clock.asked).toEqual([0.5, 5, 1]);
    reconnect.back();
    clock.pass();
    reconnect.lost(link, gone);
    expect(clock.asked.at(-1)).toBe(0.5);
    reconnect.stop();
  });

  it('ends with what is no loss of a link', async () => {
    const refusal = new TandemError('BAD_OPTION', 'no address');
    const { clock, reconnect, link } = lostLink(() => Promise.reject(refusal));
    const reading = link.messages().next();
    reconnect.lost(link, gone);
    clock.pass();
    await expect(reading).rejects.toBe(refusal);
  });
});

describe('a heartbeat', () => {
  function beating(patienceSeconds = 21) {
    const clock = new HandClock();
    const said: string[] = [];
    const seen = { bytes: 0 };
    const heartbeat = new Heartbeat(clock, 7, {
      ask: () => said.push('ask'),
      silent: (seconds) => said.push(`silent for ${seconds}`),
      giveUp: (seconds) => said.push(`give up after ${seconds}`),
      patienceSeconds: () => patienceSeconds,
      bytes: () => seen.bytes,
    });
    return { clock, heartbeat, said, seen };
  }

  it('asks after silence, and gives up when there is no answer either', () => {
    const { clock, said } = beating();
    clock.pass();
    clock.pass();
    expect(said).toEqual(['ask', 'ask']);
    clock.pass();
    expect(said).toEqual(['ask', 'ask', 'give up after 21']);
    expect(clock.pass()).toBe(false);
  });

  it('says nothing while messages come', () => {
    const { clock, heartbeat, said } = beating();
    for (let i = 0; i < 5; i++) {
      heartbeat.hear();
      expect(clock.pass()).toBe(true);
    }
    expect(said).toEqual([]);
    heartbeat.stop();
    expect(clock.pass()).toBe(false);
  });

  it('takes bytes of a message that is not complete for life, and lets the other side hear something meanwhile', () => {
    const { clock, said, seen } = beating();
    for (let i = 0; i < 17; i++) {
      seen.bytes += 3;
      clock.pass();
    }
    expect(said).toEqual(Array.from({ length: 17 }, () => 'ask'));
  });

  it('tells of silence as long as it lasts, and ends with what comes', () => {
    const { clock, heartbeat, said, seen } = beating(Infinity);
    for (let i = 0; i < 4; i++) clock.pass();
    expect(said.filter((word) => word !== 'ask')).toEqual(['silent for 21', 'silent for 28']);
    expect(heartbeat.isSilent).toBe(true);
    seen.bytes++;
    expect(heartbeat.isSilent).toBe(false);
    clock.pass();
    expect(said.at(-1)).toBe('ask');
  });
});

describe('patience', () => {
  it('is short with who only waits, long with first work, and grows with what work has taken', () => {
    let work: string | null = null;
    const patience = new Patience(() => work);
    expect(patience.seconds).toBe(10);
    work = 'training';
    expect(patience.seconds).toBe(300);
    patience.heard();
    expect(patience.seconds).toBe(60);
    patience.silent(16);
    expect(patience.seconds).toBe(60);
    patience.heard();
    expect(patience.seconds).toBe(320);
    patience.heard();
    expect(patience.seconds).toBe(320);
    work = 'evaluating';
    expect(patience.seconds).toBe(300);
  });
});

/** A cable's far end that answers as a server does, and can be made to say nothing. */
function silentPair() {
  const [near, far] = loopbackPair();
  const state = { speaks: true, closed: false };
  const heard: string[] = [];
  void (async () => {
    try {
      for await (const bytes of far.frames()) {
        const { type } = decodeMessage(bytes);
        heard.push(type);
        if (!state.speaks) continue;
        if (type === 'hello') far.send(encodeMessage(welcome));
        if (type === 'ping') far.send(encodeMessage({ type: 'settled', number: 0 }));
        if (type === 'resume') {
          far.send(encodeMessage({ type: 'resumed', received: 0, digest: digestText(noDigest), settled: 0 }));
        }
      }
    } catch {
      // The link was given up.
    }
    state.closed = true;
  })();
  return { near, far, state, heard };
}

const welcome = goldenMessages.welcome as Message<'welcome'>;
const hello = Object.values(goldenMessages).find(({ type }) => type === 'hello') as Message<'hello'>;

describe('a link that stands and is silent', () => {
  const turn = async (times = 8) => {
    for (let i = 0; i < times; i++) await new Promise(setImmediate);
  };

  async function joined(besideSpeaks: () => boolean) {
    const clock = new SteppedClock();
    const [first, others, news]: [ReturnType<typeof silentPair>, ReturnType<typeof silentPair>[], LinkNews[]] = [
      silentPair(),
      [],
      [],
    ];
    const connect = () => {
      if (!besideSpeaks()) return new Promise<never>(() => undefined);
      others.push(silentPair());
      return Promise.resolve(others.at(-1)!.near);
    };
    const reconnect = new Reconnect({ connect, clock, random: () => 0.5, onNews: (told) => news.push(told) });
    const link = openLink(first.near, reconnect);
    link.send(hello);
    await link.messages().next();
    link.took();
    expect(link.session).not.toBe('');
    const pass = async (seconds: number) => {
      for (let at = 0; at < seconds; at += 0.5) {
        clock.pass(0.5);
        await turn();
      }
    };
    const end = () => {
      reconnect.stop();
      link.close();
    };
    return { first, others, news, pass, link, end };
  }

  it('is given up within ten seconds for another one that speaks', async () => {
    const { first, others, news, pass, link, end } = await joined(() => true);
    await pass(30);
    expect(others).toHaveLength(0);
    first.state.speaks = false;
    await pass(12);
    expect(news.map(({ kind }) => kind)).toEqual(['silent', 'back']);
    expect(news[0]).toMatchObject({ seconds: 7.5 });
    expect(others.map(({ heard }) => heard[0])).toEqual(['resume']);
    expect(first.state.closed).toBe(true);
    await pass(30);
    expect(others).toHaveLength(1);
    expect(link.isSilent).toBe(false);
    end();
  });

  it('is kept as long as no other one can be had, since its server may be at work in one piece', async () => {
    const { first, others, news, pass, end } = await joined(() => false);
    first.state.speaks = false;
    await pass(120);
    first.far.send(encodeMessage({ type: 'settled', number: 0 }));
    first.state.speaks = true;
    await pass(60);
    expect(others).toHaveLength(0);
    expect(first.state.closed).toBe(false);
    expect(news.map(({ kind }) => kind)).toEqual(['silent']);
    end();
  });

  it('is kept where it speaks as soon as the other one opens', async () => {
    let isAtWork = false;
    const { first, others, pass, end } = await joined(() => !isAtWork);
    [isAtWork, first.state.speaks] = [true, false];
    await pass(4);
    // The server is done: it answers on both.
    isAtWork = false;
    await pass(4);
    first.state.speaks = true;
    first.far.send(encodeMessage({ type: 'settled', number: 0 }));
    await turn();
    await pass(20);
    expect(first.state.closed).toBe(false);
    expect(others.flatMap(({ heard }) => heard)).toEqual([]);
    end();
  });
});
