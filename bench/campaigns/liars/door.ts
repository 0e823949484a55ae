import { request } from 'node:http';
import { connect } from '../../../client/node/connect.js';
import { participate } from '../../../client/participate.js';
import { serve } from '../../../server/serve.js';
import type { Engine } from '../../../shared/engine/engine.js';
import { asTandemError } from '../../../shared/errors.js';
import type { RunEvent } from '../../../shared/events.js';
import { createRng, type Rng } from '../../../shared/rng.js';
import { pick, TEXTS } from './odd-values.js';
import { rowsTask, smallData } from './small-tasks.js';
import { unplainWords } from './possible-figures.js';

const PATHS = [
  '/',
  '/run.json',
  '/metrics',
  '/watch',
  '/model/model.json',
  '/entry/ticket',
  '/entry/challenge',
  '/join',
  '/../etc/passwd',
  '/%00',
  '/healthz',
  '/readyz',
];
/** Without any of a run's own. */
const OPEN = new Set(['/healthz', '/readyz']);
const FOREIGN = [
  'evil.example',
  'evil.example:80',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '[::1].evil.example',
  'evil.example@127.0.0.1',
];
const STRANGER = '127.0.0.2';
/** Refusals of one address for one reason are told so often in a minute; there are a few reasons. */
const MOST_TOLD = 20 * 8;

/** Somebody at the door of a run, whose own address is not that of the run's client, asks for anything under any name. Answers what did not hold. */
export async function knock(seed: string, engine: Engine): Promise<string[]> {
  const rng = createRng('door', seed);
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent) => void events.push(event);
  // What comes faster than a door opens would hide what it answers.
  const limits = { limitLoopback: true, connectionsPerAddress: 1_000 };
  const server = await serve({
    task: rowsTask,
    clients: 1,
    schedule: 'splitfed-v2',
    epochs: 2,
    loadedEngine: engine,
    limits,
    graceSeconds: 0,
    onEvent,
  });
  const wrong: string[] = [];
  server.finished.catch(() => undefined);
  try {
    const knocks = 30 + rng.int(300);
    for (let i = 0; i < knocks; i += 10) {
      const answers = Array.from({ length: 10 }, () => ask(rng, server.port));
      for (const { path, host, status } of await Promise.all(answers))
        if (FOREIGN.includes(host) && status < 400 && !OPEN.has(path))
          wrong.push(`${path} under the name ${host} was answered with ${status}`);
    }
    const health = await get(server.port, '/healthz', '127.0.0.1', 'GET', '127.0.0.1', {});
    if (health !== 200) wrong.push(`/healthz answered ${health}`);
    const data = smallData(seed, 9, 4);
    for await (const _ of participate({ transport: await connect(server.url), data, engine }));
  } catch (error) {
    wrong.push(`an honest client: ${asTandemError(error).line}`);
  } finally {
    await server.close();
  }
  const told = events.filter((event) => event.kind === 'refused' || event.kind === 'access').length;
  if (told > MOST_TOLD) wrong.push(`${told} refusals were told`);
  return [...wrong, ...unplainWords(events)];
}

async function ask(rng: Rng, port: number): Promise<{ path: string; host: string; status: number }> {
  const path = pick(rng, PATHS);
  const host = rng.int(3) > 0 ? pick(rng, FOREIGN) : `127.0.0.1:${port}`;
  const oddly = pick(rng, TEXTS).replace(/[^\x20-\x7e]/g, '');
  const headers = pick(rng, [
    {},
    { origin: 'http://evil.example' },
    { authorization: `Bearer ${oddly}` },
    { 'x-forwarded-for': oddly },
  ]);
  const method = pick(rng, ['GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'PUT']);
  return { path, host, status: await get(port, path, host, method, STRANGER, headers) };
}

/** 999 where no answer came. */
function get(
  port: number,
  path: string,
  host: string,
  method: string,
  localAddress: string,
  headers: object,
): Promise<number> {
  return new Promise((resolve) => {
    const call = request(
      { port, path, method, localAddress, host: '127.0.0.1', agent: false, headers: { ...headers, host } },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? 999));
      },
    );
    call.once('error', () => resolve(999));
    call.end();
  });
}
