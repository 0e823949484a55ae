import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Origins } from '../../server/http/origins.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { tinyTask } from '../helpers/tiny-task.js';

let server: RunningServer;

beforeAll(async () => {
  server = await serve({ task: tinyTask, loadedEngine: await chooseEngine('tfjs') });
  server.finished.catch(() => undefined);
});
afterAll(() => server.close());

/** As it stands: fetch would tidy the path up. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: server.port, path, method, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

describe('the pages of a server', () => {
  it('come from the server alone, with a policy that lets nothing else in', async () => {
    const { status, headers, body } = await get('/');
    expect(status, body).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'/);
    expect(headers['content-security-policy']).not.toContain('unsafe-inline');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).not.toMatch(/<script(?![^>]*src="\/)|<style|style="|https?:\/\//);
    for (const [, file = ''] of body.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect((await get(file)).status, file).toBe(200);
    }
  });

  it('are not sent twice, and not at all to who asks only about them', async () => {
    const { headers } = await get('/');
    expect((await get('/', { 'if-none-match': String(headers.etag) })).status).toBe(304);
    expect(await get('/', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it.each([
    '/../package.json',
    '/dashboard/../../server/serve.js',
    '/dashboard/%2e%2e/build.js',
    '/build.js',
    '//',
    '',
  ])('give no other file: %s', async (path) => {
    const { body } = await get(path === '' ? '/dashboard/' : path);
    expect(body).toMatch(/^This is a Tandem server/);
  });
});

describe('pages that may ask a server something', () => {
  const check = (bound: string, guarded: boolean, origin: string, host: string) => () =>
    new Origins(bound, undefined, guarded).check({ origin, host });

  it.each([
    ['of this machine', '127.0.0.1', false, 'http://localhost:5173', '127.0.0.1:8080'],
    ['of the server itself, by address', '0.0.0.0', false, 'http://192.168.1.5:8080', '192.168.1.5:8080'],
    ['of the server itself, by name, where a ticket is asked for', '0.0.0.0', true, 'https://a.test', 'a.test'],
  ])('are those %s', (_who, bound, guarded, origin, host) => {
    expect(check(bound, guarded, origin, host)).not.toThrow();
  });

  it.each([
    ['another site', '127.0.0.1', false, 'https://a.test', '127.0.0.1:8080'],
    ['a name that was made to resolve to this machine', '127.0.0.1', false, 'http://a.test:8080', 'a.test:8080'],
    ['another port', '0.0.0.0', true, 'https://a.test:1', 'a.test:2'],
    ['nowhere', '0.0.0.0', true, 'null', 'a.test'],
  ])('are not those of %s', (_who, bound, guarded, origin, host) => {
    expect(check(bound, guarded, origin, host)).toThrow(expect.objectContaining({ code: 'WRONG_ORIGIN' }) as Error);
  });
});
