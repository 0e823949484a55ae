import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Origins } from '../../server/http/origins.js';
import { ServedNames } from '../../server/http/served-names.js';
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
    expect(body).not.toMatch(/<script(?![^>]*src="dashboard\/)|<style|style="|https?:\/\//);
    for (const [, file = ''] of body.matchAll(/(?:src|href)="(\w[^":]+)"/g)) {
      expect((await get(`/${file}`)).status, file).toBe(200);
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
  const check =
    (bound: string, guarded: boolean, origin: string | undefined, host: string, forwardedHost?: string) => () => {
      const names = new ServedNames({ host: bound, hostNames: ['lab.test', '*.class.test'], tls: { cert } });
      new Origins({ host: bound, names, guarded }).check({ origin, host, forwardedHost });
    };
  const cert = readFileSync('test/vectors/loopback-cert.pem');

  it.each([
    ['of this machine', '127.0.0.1', false, 'http://localhost:5173', '127.0.0.1:8080'],
    ['of the server itself, by address', '0.0.0.0', false, 'http://192.168.1.5:8080', '192.168.1.5:8080'],
    ['of the server itself, by an address of IPv6', '::', false, 'http://[fd00::5]:8080', '[fd00::5]:8080'],
    ['of the server itself, by name, where a ticket is asked for', '0.0.0.0', true, 'https://a.test', 'a.test'],
    ['of the server itself, by a name it was given', '0.0.0.0', false, 'http://lab.test:8080', 'lab.test:8080'],
    ['of the server itself, by a name of many', '0.0.0.0', false, 'http://a.class.test', 'a.class.test'],
    [
      'of the server itself, as a proxy was asked for it',
      '0.0.0.0',
      false,
      'https://lab.test',
      '10.1.1.1:8080',
      'lab.test',
    ],
    ['of the machine, by its name', '0.0.0.0', false, `http://${hostname()}:8080`, `${hostname()}:8080`],
    [
      'of the machine, by its name among neighbours',
      '0.0.0.0',
      false,
      undefined,
      `${hostname().split('.')[0] ?? ''}.local`,
    ],
  ])('are those %s', (_who, bound, guarded, origin, host, forwarded?) => {
    expect(check(bound, guarded, origin, host, forwarded)).not.toThrow();
  });

  it.each([
    ['another site', '127.0.0.1', false, 'https://a.test', '127.0.0.1:8080'],
    ['another port', '0.0.0.0', true, 'https://a.test:1', 'a.test:2'],
    ['nowhere', '0.0.0.0', true, 'null', 'a.test'],
    ['another site, whatever a proxy was asked for', '0.0.0.0', false, 'https://a.test', '10.1.1.1', 'lab.test'],
  ])('are not those of %s', (_who, bound, guarded, origin, host, forwarded?) => {
    expect(check(bound, guarded, origin, host, forwarded)).toThrow(
      expect.objectContaining({ code: 'WRONG_ORIGIN' }) as Error,
    );
  });

  it.each([
    ['a name that was made to resolve to this machine', 'http://a.test:8080', 'a.test:8080'],
    ['such a name that says no origin', undefined, 'a.test:8080'],
    ['a name that only begins as this machine does', undefined, 'localhost.a.test'],
    ['a name below one it was given', undefined, 'x.lab.test'],
    ['a name that only ends as one it was given', undefined, 'evillab.test'],
    ['no name at all', undefined, 'a b'],
    ['an address after another name', undefined, 'a.test@127.0.0.1'],
    ['an address with a path', undefined, '127.0.0.1/a.test'],
    ['an address with a fragment', undefined, '127.0.0.1:80#@a.test'],
  ])('are not those under %s', (_who, origin, host) => {
    expect(check('127.0.0.1', false, origin, host)).toThrow(expect.objectContaining({ code: 'WRONG_HOST' }) as Error);
    expect(check('0.0.0.0', false, origin, '127.0.0.1', host)).toThrow(/start it with|does not go by/);
  });
});

describe('a name that the server does not go by', () => {
  const wrong = { host: 'evil.test:8080' };

  it.each(['/', '/join', '/run.json', '/metrics', '/watch', '/dashboard/page.js', '/model/model.json', '/nothing'])(
    'is told what to do at %s, and nothing else',
    async (path) => {
      const { status, body } = await get(path, wrong);
      expect([status, (JSON.parse(body) as { error: object }).error]).toEqual([
        403,
        {
          code: 'WRONG_HOST',
          message: "this server was asked for as 'evil.test', a name that it does not go by",
          action: 'use its address, or start it with --host-name evil.test',
        },
      ]);
    },
  );

  it('is told so as a page where a person asks, with nothing in it that the asker wrote', async () => {
    const { headers, body } = await get('/join', { ...wrong, accept: 'text/html,*/*' });
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('start it with --host-name evil.test. (WRONG_HOST)');
    const odd = await get('/join', { host: '<script>alert(1)</script>', accept: 'text/html' });
    expect(odd.status).toBe(403);
    expect(odd.body).not.toContain('script');
  });

  it('asks whether the server is well, all the same', async () => {
    expect([(await get('/healthz', wrong)).status, (await get('/readyz', wrong)).status]).toEqual([200, 200]);
  });
});
