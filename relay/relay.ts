import { Entrance, type EntryOptions } from '../client/node/connect.js';
import { entryFields } from '../client/node/node-fields.js';
import { addressAfter } from '../client/server-address.js';
import { Door, type DoorOptions } from '../server/http/door.js';
import { checkExposure } from '../server/http/tls.js';
import { listen } from '../server/listen.js';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import type { OnEvent } from '../shared/events.js';
import { checkFields, pickFields } from '../shared/fields/check-fields.js';
import { relayFields } from './relay-fields.js';
import { MAX_CLIENTS, RelayHost, type RelayHostOptions, type RelaySummary } from './relay-host.js';
import type { RunAbove } from './relay-link.js';

/** How a relay is reached, and what it keeps. */
export interface RelayOptions
  extends
    Pick<RelayHostOptions, 'segments' | 'maxClients' | 'codecs' | 'onEvent' | 'onLinkNews'>,
    DoorOptions,
    EntryOptions {
  /** The address of the server, or of the next relay on the way to it. */
  readonly server: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Loopback by default: others reach the relay only if you say so. */
  readonly host?: string;
  /** Seconds for which a client whose link is lost is waited for; 10 by default, 0 ends its part with the link. */
  readonly graceSeconds?: number;
  /** Hears of trouble that does not end the relay, such as a full disk under the audit log. */
  readonly onTrouble?: (message: string) => void;
  /** `auto`, `tfjs` or `onnx`. */
  readonly engine?: string;
  /** Instead of an engine by name: one that is loaded already. */
  readonly loadedEngine?: Engine;
}

const DEFAULT_GRACE_SECONDS = 10;

/** A relay that listens. */
export interface RunningRelay {
  /** Where clients join, e.g. `ws://127.0.0.1:8081`. */
  readonly url: string;
  readonly port: number;
  readonly above: RunAbove;
  /** What the relay has done, once the run and the server are over. Rejects with the server's reason when no client finished. */
  readonly finished: Promise<RelaySummary>;
  close(): Promise<void>;
}

/**
 * Starts a relay between clients and a server that runs the topology `multi-hop`, and returns once it listens.
 *
 * ```ts
 * const hop = await relay({ server: 'ws://127.0.0.1:8080', port: 8081 });
 * const { steps } = await hop.finished;
 * ```
 *
 * Throws UNREACHABLE when no server answers, BAD_OPTION when the port is taken or no segment is left for clients.
 */
export async function relay(options: RelayOptions): Promise<RunningRelay> {
  checkFields('relay()', options, relayFields);
  const { server, port = 0, host = '127.0.0.1' } = options;
  // Before anybody is asked for anything.
  const { tlsCert, entry, insecure = false } = options;
  checkExposure(host, { tls: tlsCert !== undefined, entry: entry !== undefined, insecure });
  const engine = options.loadedEngine ?? (await chooseEngine(options.engine));
  const entrance = await Entrance.open(pickFields<EntryOptions>(options, entryFields));
  // The door needs the run's sizes, the relay tells its events to the door.
  let tell: OnEvent = () => undefined;
  const run = await RelayHost.open({
    ...options,
    connect: (told) => entrance.connect(addressAfter(server, told)),
    graceSeconds: options.graceSeconds ?? DEFAULT_GRACE_SECONDS,
    engine,
    onEvent: (event) => tell(event),
  });
  const shutDown = () => run.close(new TandemError('CANCELLED', 'the relay is shutting down'));
  const { above, finished } = run;
  const onTransport = (transport: Parameters<RelayHost['accept']>[0]) => void run.accept(transport);
  const { maxMessageBytes, maxQueryBytes } = above;
  const clients = options.maxClients ?? MAX_CLIENTS;
  const opened = async () => {
    const { onEvent, onTrouble } = options;
    const told = { ...(onEvent ? { onEvent } : {}), ...(onTrouble ? { onTrouble } : {}) };
    const door = await Door.open(options, { run: above.run, host, clients, maxMessageBytes, ...told });
    return { door, listener: await listen({ host, port, maxMessageBytes, maxQueryBytes, door, onTransport }) };
  };
  const { door, listener } = await opened().catch((error: unknown) => {
    shutDown();
    throw error;
  });
  tell = door.onEvent;
  finished.then(
    () => door.readiness.become('finished'),
    () => door.readiness.become('failed'),
  );
  const close = async () => {
    door.readiness.become('draining');
    shutDown();
    await listener.close();
    await door.close();
  };
  finished.then(close, close);
  return { url: listener.url, port: listener.port, above, finished, close };
}
