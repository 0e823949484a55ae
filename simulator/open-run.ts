import { createHookedHost } from '../server/hooks/hooked-host.js';
import type { RunHooks } from '../server/hooks/run-hooks.js';
import type { RunHostOptions } from '../server/run/run-host-options.js';
import type { RunResult } from '../server/run/summarise.js';
import { serve } from '../server/serve.js';
import type { RunOptions } from '../shared/config.js';
import { asTandemError, TandemError } from '../shared/errors.js';
import { connect } from '../client/node/join.js';
import type { KeptState } from './kept-state.js';
import { openNetwork, type Network } from './network.js';
import type { TransportName } from './transport-names.js';

/** What browsers see of a simulated run. */
export interface SiteOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly dashboard: boolean;
  /** A folder of idx files that tabs take their share of. */
  readonly offerData?: string;
}

/** A run's server, and the way to it. */
export interface OpenRun {
  readonly network: Network;
  readonly finished: Promise<RunResult>;
  /** Such as `ws://127.0.0.1:8080`; null where there is no site. */
  readonly url: string | null;
  readonly dashboard: string | null;
  /** Ends the run, if it has not ended, with this error; its links stay until `network.close`. */
  close(error: TandemError): void;
  /** The same, where it is written down as something that goes on. */
  stop(error: TandemError): Promise<void>;
}

type Opening = Pick<
  RunHostOptions,
  'task' | 'settings' | 'engine' | 'onEvent' | 'onModel' | 'graceSeconds' | 'codecs'
> & {
  readonly hooks?: RunHooks | undefined;
  /** Where it is written down. */
  readonly state?: KeptState;
  /** What the settings were made of. */
  readonly options: RunOptions;
  readonly transport: TransportName;
};

/** Nobody but this machine reaches it, and its own clients may be many. */
const UNLIMITED = { connections: Infinity, inferring: Infinity, waitingBytes: Infinity };

/** Opens the server of a simulated run: as others are opened where browsers look at it, else the run without a site. */
export async function openRun(opening: Opening, site?: SiteOptions): Promise<OpenRun> {
  const { options, transport, state, hooks, ...hosted } = opening;
  if (!site) {
    const checkpoints = state?.server && { store: state.server };
    const host = await createHookedHost({ ...hosted, transport, checkpoints }, hooks);
    const network = await openNetwork(transport, host);
    const close = (error: TandemError) => host.close(error);
    const stop = async (error: TandemError) => {
      if (state) await host.drain?.(1, null);
      close(error);
    };
    return { network, finished: host.finished, url: null, dashboard: null, close, stop };
  }
  const { task, engine, graceSeconds, ...rest } = hosted;
  const { onEvent, onModel } = rest;
  const told = { ...(onEvent ? { onEvent } : {}), ...(onModel ? { onModel } : {}) };
  const kept = state ? { state: state.serverFolder, graceSeconds } : {};
  const serving = {
    ...options,
    task,
    ...told,
    ...kept,
    ...site,
    ...(hooks ? { hooks } : {}),
    loadedEngine: engine,
    keepServing: true,
    limits: UNLIMITED,
  };
  const server = await serve(serving).catch((error: unknown) => {
    throw otherPort(asTandemError(error));
  });
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= server.close());
  const network = { connect: () => connect(server.url), close };
  const { finished, url, dashboard } = server;
  const stop = () => (closing ??= state ? server.drain() : server.close());
  return { network, finished, url, dashboard, close: () => void close().catch(asTandemError), stop };
}

/** Of all that `serve` refuses, only the port is left to be wrong here. */
function otherPort(error: TandemError): TandemError {
  if (error.code !== 'BAD_OPTION') return error;
  return new TandemError(error.code, error.message, 'give --dashboard another port, or none for a free one');
}
