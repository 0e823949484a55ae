import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorTable } from '../../bench/render-errors.js';
import { inSection } from '../../bench/markdown.js';
import { exitCodeOf } from '../../cli/outcome.js';
import { loadData } from '../../cli/load-data.js';
import { connect } from '../../client/node/connect.js';
import { download } from '../../client/node/download.js';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { serve } from '../../server/serve.js';
import { resolveRun } from '../../shared/config.js';
import { arrayDataset } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { refusals, type RefusalCode } from '../../shared/refusals.js';
import { openLayersFiles } from '../../shared/model/layers-files.js';
import { float32, int32 } from '../../shared/ndarray.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import { noBytes } from '../../shared/protocol/byte-meter.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { simulate } from '../../simulator/simulate.js';
import { withFile } from '../../storage/file-trouble.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine('tfjs');
});

const data = tinyData();
const trained = (change: object) =>
  simulate({ task: tinyTask, data, loadedEngine: engine, clients: 1, transport: 'loopback', ...change });
const rows = (features: number, value: number, label: number) =>
  arrayDataset(
    [float32([8, features], Array<number>(8 * features).fill(value))],
    [int32([8], Array<number>(8).fill(label))],
  );

/** A run of one client in this process, and a way to join it. */
async function hosted() {
  const settings = resolveRun(tinyTask, { clients: 1, engine: 'tfjs' });
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback' });
  const join = () => {
    const [transport, server] = loopbackPair();
    void host.accept(server);
    return { transport, steps: participate({ transport, data, engine, place: [0, 1] }) };
  };
  return { host, join, close: () => host.close(new TandemError('CANCELLED', 'the test is over')) };
}

async function whileServing<T>(options: object, use: (url: string) => Promise<T>): Promise<T> {
  const server = await serve({ task: tinyTask, clients: 1, loadedEngine: engine, ...options });
  server.finished.catch(() => undefined);
  try {
    return await use(server.url);
  } finally {
    await server.close();
  }
}

/** How each code is met: what a person does wrong, or the test that shows it, where it takes more than a few lines. */
const shown: Record<RefusalCode, (() => Promise<unknown>) | string> = {
  BAD_FRAME: 'test/server/hostile-frames.test.ts',
  BAD_MESSAGE: 'test/server/hostile-frames.test.ts',
  BAD_STATE: 'test/session/server-session.test.ts',
  STEP_GAP: 'test/session/client-session.test.ts',
  CONFLICT: 'test/resume/delivery.test.ts',
  INTERNAL: 'test/leaving/lost-clients.test.ts',
  SESSION_LOST: 'test/resume/delivery.test.ts',
  TAKEN_OVER: 'test/checkpoint/indexed-db.test.ts',
  TOO_LARGE: 'test/protocol/transport.test.ts',
  TOO_SLOW: 'test/protocol/slow-peer.test.ts',
  WRONG_ROLE: 'test/entry/tickets.test.ts',
  WRONG_ORIGIN: 'test/dashboard/pages.test.ts',
  WRONG_HOST: 'test/dashboard/pages.test.ts',
  TOO_MANY: 'test/http/limits.test.ts',
  BAD_CERTIFICATE: 'test/entry/door.test.ts',
  CLIENT_LOST: 'test/leaving/strict.test.ts',
  BAD_VERSION: async () => {
    const bytes = encodeMessage({ type: 'bye' });
    bytes[4] = 199;
    return decodeMessage(bytes);
  },
  BAD_SHAPE: () => trained({ data: { train: rows(5, 0.5, 1) } }),
  BAD_VALUE: () => trained({ data: { train: rows(4, NaN, 1) } }),
  BAD_LABEL: () => trained({ data: { train: rows(4, 0.5, 7) } }),
  BAD_DATA: () => trained({ clients: 3, limit: 2 }),
  BAD_OPTION: () => trained({ schedule: 'no-such-schedule' }),
  BAD_CUT: () => trained({ task: { ...tinyTask, cut: 'no-such-layer' } }),
  BAD_MODEL: async () => openLayersFiles({ json: '{}', weights: new Uint8Array(4) }),
  CANCELLED: () => trained({ signal: AbortSignal.abort() }),
  RUN_FULL: async () => {
    const { join, close } = await hosted();
    const first = join();
    await first.steps.next();
    return join().steps.next().finally(close);
  },
  RUN_OVER: async () => {
    const { host, join, close } = await hosted();
    for await (const _ of join().steps);
    await host.finished;
    return join().steps.next().finally(close);
  },
  NO_CLIENTS: async () => {
    const { host, join, close } = await hosted();
    const { steps } = join();
    await steps.next();
    await steps.return({
      steps: 0,
      samples: 0,
      testAccuracy: null,
      testLoss: null,
      bytes: noBytes,
      seen: 0,
      sent: 0,
      received: 0,
    });
    return host.finished.finally(close);
  },
  LINK_LOST: async () => {
    const { join, close } = await hosted();
    const { transport, steps } = join();
    await steps.next();
    transport.close();
    return steps.next().finally(close);
  },
  UNREACHABLE: () => connect('ws://127.0.0.1:9'),
  BAD_ADDRESS: async () => {
    const other = createServer((_, response) => response.writeHead(404).end('not here')).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    return connect(`ws://127.0.0.1:${(other.address() as AddressInfo).port}`).finally(() => other.close());
  },
  NO_ENTRY: async () => {
    const entry = await mkdtemp(join(tmpdir(), 'tandem-errors-'));
    return whileServing({ entry }, (url) => connect(url));
  },
  NOT_SHARED: () => whileServing({}, (url) => download(url)),
  MISSING: () => loadData('adult'),
  CANNOT_READ: () => loadData('no/such/table.csv'),
  CANNOT_WRITE: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-errors-'));
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file', 'below');
    return withFile('write', { path }, () => mkdir(path));
  },
};

describe('every code', () => {
  it.each(Object.entries(shown))('%s is shown', async (code, how) => {
    if (typeof how === 'string') {
      expect(existsSync(how), `${how} is not there`).toBe(true);
      // As it is expected there, not in a comment.
      expect(readFileSync(how, 'utf8')).toMatch(new RegExp(`['"\`(]${code}|${code}['"\`)\\\\]`));
      return;
    }
    const error = await how().then(
      () => undefined,
      (thrown: unknown) => asTandemError(thrown),
    );
    expect(error?.code, error?.line).toBe(code);
    // What to do is more than a code.
    expect(error?.line).toMatch(/^.{10,}: .{5,} \([A-Z_]+\)$/);
  });

  it('has a status of its own', () => {
    const statuses = Object.values(refusals).map(({ close }) => close);
    expect(new Set(statuses).size).toBe(statuses.length);
  });
});

describe('docs/errors.md', () => {
  const page = readFileSync('docs/errors.md', 'utf8');

  it('is the table of codes (npm run docs:errors writes it)', () => {
    const written = inSection(inSection(page, 'errors:people', errorTable(false)), 'errors:programs', errorTable(true));
    expect(page).toBe(written);
  });

  it('names the exit code that a command ends with', () => {
    for (const code of Object.keys(refusals) as RefusalCode[]) {
      const [, exit] = new RegExp(`^\\| \`${code}\` +\\|[^|]*\\|[^|]*\\| (\\d+)`, 'm').exec(page) ?? [];
      expect(Number(exit), code).toBe(exitCodeOf(code));
    }
  });
});
