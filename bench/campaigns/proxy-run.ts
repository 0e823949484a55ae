import { join } from 'node:path';
import { InviteBook } from '../../server/entry/invite-book.js';
import { createRng } from '../../shared/rng.js';
import { DeployedProxy, type ProxyName } from './deployed-proxy.js';
import { TandemProcess } from './tandem-process.js';
import { WeakLink } from './weak-link.js';

export interface ProxyRunOptions {
  readonly proxy: ProxyName;
  /** Flags of the run, but for `--clients` and `--seed`. */
  readonly run: readonly string[];
  /** As for `--data`. */
  readonly data: string;
  readonly restarts: number;
  /** Links that are cut, of whichever client. */
  readonly cuts: number;
  /** For so long the proxy answers everything with 502 and a page of HTML. */
  readonly outageSeconds: number;
  /** Of the last client. */
  readonly slowBitsPerSecond: number;
  /** From one trouble to the next, on average. */
  readonly everySeconds: number;
  readonly seed: number;
  readonly folder: string;
}

export interface ProxyRunResult {
  readonly steps: number;
  readonly seconds: number;
  readonly restarts: number;
  readonly cuts: number;
  /** Connections beyond those of an undisturbed run. */
  readonly newConnections: number;
  /** Whether the network is, bit for bit, that of the same run without proxy, invites and troubles. */
  readonly same: boolean;
}

const CLIENTS = 3;
/** Longer than any trouble here. */
const GRACE_SECONDS = 120;

type Trouble = 'restart' | 'cut' | 'outage';

/** Trains with three invited clients through a proxy with TLS and a path, all in processes of their own, while everything between them goes wrong. */
export async function proxyRun(options: ProxyRunOptions): Promise<ProxyRunResult> {
  const { folder, seed, slowBitsPerSecond } = options;
  const run = [...options.run, '--clients', String(CLIENTS), '--seed', String(seed)];
  const undisturbedRun = new TandemProcess(['simulate', ...run, '--data', options.data, '--json']);
  const started = performance.now();
  const entry = join(folder, 'entry');
  const life = ['--entry', entry, '--trust-proxy', '--grace', String(GRACE_SECONDS), '--state', join(folder, 'server')];
  const server = new TandemProcess(['serve', ...run, '--port', '0', ...life, '--json']);
  const stop: (() => unknown)[] = [() => server.kill(), () => undisturbedRun.kill()];
  try {
    await server.said(/serving .* at ws:/);
    const [, port] = /serving .* at ws:\S+:(\d+)/.exec(server.log) ?? [];
    if (port === undefined) throw new Error(`the server ended: ${server.log}`);
    const proxy = await DeployedProxy.start(options.proxy, Number(port), join(folder, 'proxy'));
    stop.push(() => proxy.down());
    const book = await InviteBook.open(entry);
    const links: WeakLink[] = [];
    const clients: TandemProcess[] = [];
    for (let client = 0; client < CLIENTS; client++) {
      const link = await WeakLink.open(proxy.port, client === CLIENTS - 1 ? slowBitsPerSecond : Infinity);
      const { code } = await book.create({ role: 'train', shard: [client, CLIENTS], uses: 1, seconds: 3600 });
      const url = `wss://127.0.0.1:${link.port}/tandem/`;
      const place = [
        '--data',
        options.data,
        '--shard',
        `${client}/${CLIENTS}`,
        '--state',
        join(folder, `client-${client}`),
      ];
      const process = new TandemProcess(['join', url, ...place, '--invite', code, '--ca', proxy.ca, '--json']);
      links.push(link);
      clients.push(process);
      stop.push(
        () => process.kill(),
        () => link.close(),
      );
    }
    await server.said(new RegExp(`(client \\d joined[^]*){${CLIENTS}}`));
    const undisturbed = links.reduce((all, { opened }) => all + opened, 0);
    const ended = Promise.all([server, ...clients].map((process) => process.result()));
    const done = await Promise.race([trouble(options, proxy, links), ended.then(() => undefined)]);
    if (!done) throw new Error('the run was over before all that was to go wrong had: give it more steps');
    const [result] = await ended;
    const expected = await undisturbedRun.result();
    const newConnections = links.reduce((all, { opened }) => all + opened, 0) - undisturbed;
    const { weightsHash, steps } = result ?? {};
    const same = weightsHash === expected.weightsHash && steps === expected.steps;
    const seconds = Math.round((performance.now() - started) / 1000);
    return { steps: Number(steps), seconds, restarts: options.restarts, cuts: done.cuts, newConnections, same };
  } finally {
    for (const end of stop.reverse()) await end();
  }
}

async function trouble(
  options: ProxyRunOptions,
  proxy: DeployedProxy,
  links: readonly WeakLink[],
): Promise<{ cuts: number }> {
  const { restarts, cuts, outageSeconds, everySeconds, seed } = options;
  const rng = createRng('proxy', seed);
  const kinds: Trouble[] = [
    ...Array.from({ length: restarts }, () => 'restart' as const),
    ...Array.from({ length: cuts }, () => 'cut' as const),
    'outage',
  ];
  let cut = 0;
  for (const kind of [...rng.permutation(kinds.length)].map((at) => kinds[at])) {
    await pause(2 * everySeconds * rng.float());
    if (kind === 'restart') {
      await proxy.down();
      await pause(everySeconds * rng.float());
      await proxy.up();
    } else if (kind === 'outage') {
      await proxy.answers502(() => pause(outageSeconds));
    } else {
      // One that is there: a client may be looking for its link itself.
      while (!links[rng.int(links.length)]?.cut()) await pause(0.05);
      cut++;
    }
  }
  return { cuts: cut };
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}
