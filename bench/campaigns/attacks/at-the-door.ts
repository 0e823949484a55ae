import { mkdtemp, readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holds, type Attack } from './attack.js';
import { against, pause, type AttackedServer } from './attacked-server.js';

const PATHS = ['/', '/run.json', '/metrics', '/watch'];
const REQUESTS = 4000;
const MOST_LINES = 400;

function get(url: string, where: string, headers: Record<string, string>, agent?: Agent): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(
      `${url.replace('ws', 'http')}${where}`,
      { headers, ...(agent ? { agent } : {}) },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.on('error', () => resolve(0));
    asked.end();
  });
}

export const foreignName: Attack = {
  name: 'foreign-name',
  promise: 'a page whose name resolves to this machine is refused on every path',
  flags: ['--clients', '1'],
  run: () =>
    against(foreignName.flags, async ({ url }) =>
      Promise.all(
        PATHS.map(async (where) => {
          const status = await get(url, where, { host: 'evil.example:8734' });
          return holds(status === 403, `${where} with the host evil.example: ${status}`);
        }),
      ),
    ),
};

/** Asks until everything is refused. Answers how often with which status. */
async function ask(server: AttackedServer): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const statuses: Record<number, number> = {};
  const one = async () => {
    for (let i = 0; i < REQUESTS / 8; i++) {
      const status = await get(server.url, '/metrics', { authorization: 'Bearer x' }, agent);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  agent.destroy();
  return JSON.stringify(statuses);
}

export const shutOut: Attack = {
  name: 'shut-out',
  promise: 'who is shut out fills no log',
  flags: ['--clients', '2', '--limit-loopback'],
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-attack-'));
    const audit = join(folder, 'audit.jsonl');
    const flags = [...shutOut.flags, '--entry', join(folder, 'entry'), '--audit-log', audit];
    return against(flags, async (server) => {
      const statuses = await ask(server);
      await pause(0.5);
      const [told, logged] = [(await readFile(audit, 'utf8')).split('\n').length, server.log.split('\n').length];
      return [
        holds(told < MOST_LINES, `the audit log has ${told} lines of ${REQUESTS} requests, by status ${statuses}`),
        holds(logged < MOST_LINES, `the log has ${logged} lines`),
      ];
    });
  },
};
