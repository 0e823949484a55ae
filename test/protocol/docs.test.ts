import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusals } from '../../shared/refusals.js';
import { MAX_HEADER_BYTES, PREFIX_BYTES, PROTOCOL_VERSION } from '../../shared/protocol/frame.js';
import { definitions } from '../../shared/protocol/messages.js';
import { protocolPages } from '../../bench/protocol/write.js';
import { slotsOf, adam, momentum, rmsprop, sgd } from '../../shared/engine/optimizer.js';
import { decodeModelDefinition } from '../../shared/protocol/model-definition.js';
import { createRng } from '../../shared/rng.js';
import { readGoldenFrames } from './golden.js';

const text = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

/** The text under a heading, up to the next one of its kind or above. */
function section(heading: string): string {
  const [, level = ''] = /^(#+)/.exec(heading) ?? [];
  const start = text.indexOf(`\n${heading}\n`);
  expect(start, `docs/protocol.md has no heading '${heading}'`).toBeGreaterThanOrEqual(0);
  const rest = text.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level.length}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The rows of a section's tables as lists of cells, without headings and rules. */
function rows(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  return cells.filter((_, i) => !isRule(cells[i]) && !isRule(cells[i + 1]));
}

function isRule(cells: string[] | undefined): boolean {
  return cells?.every((cell) => /^-+$/.test(cell)) ?? false;
}

describe('docs/protocol.md', () => {
  it('is current, and so is docs/protocol.json: npm run docs:protocol', async () => {
    const { json, markdown } = await protocolPages(text);
    expect(markdown).toBe(text);
    expect(json).toBe(readFileSync(new URL('../../docs/protocol.json', import.meta.url), 'utf8'));
  });

  it('has a section for every message, and for no other', () => {
    const headings = [...section('## Messages').matchAll(/^### (.*)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(Object.keys(definitions));
  });

  it('lists every refusal with status, retry and action, in the order of the table', () => {
    const listed = rows(section('## Refusals')).map(([code, close, again, , action]) => [code, close, again, action]);
    const expected = Object.entries(refusals).map(([code, { close, retryable, action }]) => [
      `\`${code}\``,
      String(close),
      retryable ? 'yes' : 'no',
      action,
    ]);
    expect(listed).toEqual(expected);
  });

  it('has numbers of the order of samples as they are drawn', () => {
    const drawn = rows(section('## The order of samples')).map(([path = '']) => {
      const name = path.slice(1, -1);
      const rng = createRng(name);
      const words = Array.from({ length: 3 }, () => (rng.float() * 2 ** 32).toString(16).padStart(8, '0'));
      const permutation = Array.from(createRng(name).permutation(10)).join(', ');
      return [path, words.map((word) => `\`${word}\``).join(' '), `\`${permutation}\``];
    });
    expect(drawn.length).toBeGreaterThan(2);
    expect(rows(section('## The order of samples'))).toEqual(drawn);
  });

  it('has no status twice', () => {
    const statuses = Object.values(refusals).map(({ close }) => close);
    expect(new Set(statuses).size).toBe(statuses.length);
  });

  it('names no refusal that is none', () => {
    const known = new Set<string>(Object.keys(refusals));
    const named = [...text.matchAll(/`([A-Z]+_[A-Z]+)`/g)].map(([, code = '']) => code);
    expect(named.filter((code) => !known.has(code))).toEqual([]);
  });

  it('gives the version, the prefix and the limits of the header', () => {
    expect(text).toContain(`This is protocol version ${PROTOCOL_VERSION}.`);
    const prefix = rows(section('## Frames'));
    expect(prefix.map(([bytes]) => bytes).slice(0, 6)).toEqual(['0-3', '4', '5', '6-7', '8-11', `${PREFIX_BYTES}-`]);
    expect(text).toContain(`at most ${MAX_HEADER_BYTES} `);
  });

  it('spells out a frame as the golden frames have it', () => {
    const [, block = ''] = /```text\n(54 4e[^`]*)```/.exec(text) ?? [];
    const bytes = block.split('\n').flatMap((line) => /^(?:[0-9a-f]{2} ?)+/.exec(line)?.[0].split(' ') ?? []);
    expect(bytes.join('')).toBe(readGoldenFrames().find(({ name }) => name === 'settled, small')?.hex);
  });

  it('shows a model definition that is one', () => {
    const [, json = ''] = /```json\n([^`]*)```/.exec(section('## The model definition')) ?? [];
    const definition = decodeModelDefinition(new TextEncoder().encode(json));
    const [bottom] = definition.segments;
    expect(bottom?.optimizer).toEqual(adam());
    expect(bottom?.spec.weights).toHaveLength(2);
  });

  it('counts the slots of every optimizer', () => {
    const listed = rows(section('## The payload of a bottom')).map(([kinds = '', slots = '']) => [
      kinds,
      slots === 'none' ? 0 : slots.split(', the ').length,
    ]);
    expect(listed).toEqual([
      ['`sgd`', slotsOf(sgd())],
      ['`momentum`', slotsOf(momentum())],
      ['`adam`, `adamw`', slotsOf(adam())],
      ['`rmsprop`', slotsOf(rmsprop())],
    ]);
  });
});
