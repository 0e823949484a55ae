import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PageFile } from '../../server/http/page-file.js';

const text = 'let answer = 41 + 1; '.repeat(99);
let folder: string;
const at = (name: string) => join(folder, name);

async function sent(file: PageFile, accepted?: string): Promise<string> {
  const form = file.formFor(accepted);
  const chunks: Buffer[] = [];
  for await (const chunk of form.open()) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (form.bytes !== undefined) expect(body.length).toBe(form.bytes);
  return `${form.encoding ?? 'as it is'}: ${body.equals(Buffer.from(text)) ? 'the text' : 'compressed'}`;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-pages-'));
  for (const name of ['chunk-5GSF2UBD.js', 'page.js']) {
    writeFileSync(at(name), text);
    writeFileSync(at(`${name}.br`), brotliCompressSync(text));
    writeFileSync(at(`${name}.gz`), gzipSync(text));
  }
  writeFileSync(at('ort-webgpu-1.30.0-39f9f0894d.wasm.br'), brotliCompressSync(text));
  writeFileSync(at('alone.css'), text);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('a file of a page', () => {
  it.each([
    ['gzip, deflate, br, zstd', 'br: compressed'],
    ['gzip, deflate', 'gzip: compressed'],
    ['GZIP;q=0.5', 'gzip: compressed'],
    ['br;q=0, gzip;q=0.000', 'as it is: the text'],
    ['br;q=0, gzip;q=0.001', 'gzip: compressed'],
    ['brotli', 'as it is: the text'],
    [undefined, 'as it is: the text'],
  ])('is sent to who accepts %s as %s', async (accepted, expected) => {
    expect(await sent(new PageFile(at('page.js'), true), accepted)).toBe(expected);
  });

  it('is unpacked on the way where it lies only compressed, and a browser does not take that', async () => {
    const file = new PageFile(at('ort-webgpu-1.30.0-39f9f0894d.wasm'), true);
    expect(await sent(file, 'br')).toBe('br: compressed');
    expect(await sent(file, 'gzip')).toBe('as it is: the text');
    expect(file.varies).toBe(true);
  });

  it('stays in a browser’s cache where its name has its hash, and is asked about otherwise', () => {
    const control = (name: string, isBuilt = true) => new PageFile(at(name), isBuilt).cacheControl;
    expect(control('chunk-5GSF2UBD.js')).toBe('public, max-age=31536000, immutable');
    expect(control('ort-webgpu-1.30.0-39f9f0894d.wasm')).toMatch(/immutable/);
    expect(control('page.js')).toBe('no-cache');
    expect(control('chunk-5GSF2UBD.js', false), 'a name that somebody chose').toBe('no-cache');
  });

  it('of somebody else is sent as it is, whatever lies beside it', async () => {
    const file = new PageFile(at('page.js'), false);
    expect(await sent(file, 'br, gzip')).toBe('as it is: the text');
    expect(file.varies).toBe(false);
  });

  it('has another tag for other content of the same length and time, and for each encoding', () => {
    const tags = () => {
      const file = new PageFile(at('page.js'), true);
      return ['br', 'gzip', ''].map((accepted) => file.tagOf(file.formFor(accepted)));
    };
    const before = tags();
    expect(new Set(before).size).toBe(3);
    writeFileSync(at('page.js'), text.replace('41', '14'));
    utimesSync(at('page.js'), 1, 1);
    expect(tags().filter((tag) => before.includes(tag))).toEqual([]);
    writeFileSync(at('page.js'), text);
  });
});
