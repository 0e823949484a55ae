import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AligningParty } from '../../client/alignment/aligning-party.js';
import { connect } from '../../client/node/join.js';
import { reduceMatching } from '../../server/alignment/matching-reducer.js';
import { initialMatching, type MatchingEffect, type MatchingInput } from '../../server/alignment/matching-state.js';
import { listen } from '../../server/listen.js';
import { javascriptBlinder } from '../../shared/alignment/blinder.js';
import { Link } from '../../shared/protocol/link.js';
import { oddTables, plainIntersection } from '../alignment/drive.js';
import { openBrowserPage, skipsBrowser, type BrowserPage } from './browser-page.js';
import type { PageTests } from './page.js';

let browser: BrowserPage;

describe.skipIf(skipsBrowser)('a tab that aligns its rows', () => {
  beforeAll(async () => {
    browser = await openBrowserPage('--disable-gpu');
  });

  afterAll(() => browser.close());

  it('agrees with parties in Node, over WebSockets, whatever blinds there', async () => {
    const tables = oddTables(41, 3);
    const relay = await openRelay(tables.length);
    const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
    const [tab, native, slow] = await Promise.all([
      inPage(relay.url, tables[0] ?? []),
      inNode(relay.url, tables[1] ?? []),
      inNode(relay.url, tables[2] ?? [], javascriptBlinder(secret)),
    ]);
    await relay.close();
    const expected = plainIntersection(tables);
    expect([tab.rows, native, slow].map((rows, i) => rows.map((row) => tables[i]?.[row]))).toEqual(
      tables.map(() => expected),
    );
    expect(tab.blinder).toBe('native');
    expect(relay.effects.at(-1)).toMatchObject({ kind: 'aligned', rows: expected.length });
  });
});

/** A server that does nothing but align; parties get their place in the order in which they come. */
async function openRelay(parties: number) {
  const effects: MatchingEffect[] = [];
  const links: Link[] = [];
  let state = initialMatching({ parties, samples: 'train', salt: 'browser', points: 5 });
  const dispatch = (input: MatchingInput) => {
    const [next, more] = reduceMatching(state, input);
    state = next;
    effects.push(...more);
    for (const effect of more) if (effect.kind === 'send') links[effect.party]?.send(effect.message);
  };
  const read = async (link: Link, party: number) => {
    for await (const message of link.messages()) dispatch({ kind: 'received', party, message });
  };
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 16_384,
    onTransport: (transport) => {
      const link = new Link(transport);
      const party = links.push(link) - 1;
      void read(link, party);
      if (links.length === parties) dispatch({ kind: 'begin' });
    },
  });
  return { url: listener.url, effects, close: () => listener.close() };
}

async function inNode(url: string, ids: string[], blinder?: ReturnType<typeof javascriptBlinder>): Promise<number[]> {
  const party = await AligningParty.open({ ids, ...(blinder ? { blinder } : {}) });
  const link = new Link(await connect(url));
  for await (const message of link.messages()) {
    link.send(await party.answer(message));
    if (party.rows) break;
  }
  link.close();
  return [...(party.rows ?? [])];
}

function inPage(url: string, ids: string[]) {
  return browser.page.evaluate(
    ([address, own]) => {
      const { tandemTests } = globalThis as unknown as { tandemTests: PageTests };
      return tandemTests.align(address, own);
    },
    [url, ids] as const,
  );
}
