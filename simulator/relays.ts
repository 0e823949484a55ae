import { RelayHost } from '../relay/relay-host.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import { cutsOf, type Task } from '../shared/task.js';
import { placeSegments, type Topology } from '../shared/topologies.js';
import type { Codec } from '../shared/wire/codec.js';
import { openNetwork, type Network } from './network.js';
import type { TransportName } from './transport-names.js';

/**
 * How many segments each relay keeps, the one at the server first, which keeps what the others leave. Throws BAD_OPTION
 * where there is nothing for so many relays to keep.
 */
export function relaySegments(task: Task, topology: Topology, relays?: number): number[] {
  const { relayed } = placeSegments(topology, cutsOf(task, topology.name).length + 1);
  const count = relays ?? Math.min(1, relayed);
  if (count <= relayed && (count > 0 || relayed === 0)) {
    return Array.from({ length: count }, (_, i) => (i === 0 ? relayed - count + 1 : 1));
  }
  const why = `topology '${topology.name}' leaves ${relayed} segment${relayed === 1 ? '' : 's'} of task '${task.name}' to relays`;
  throw new TandemError(
    'BAD_OPTION',
    `relays is ${count}, and ${why}`,
    'give one cut more than relays, or fewer relays',
  );
}

/** Opens relays one above the other, from the server down; the network is the way to the lowest. */
export async function openRelays(
  transport: TransportName,
  server: Network,
  keeps: readonly number[],
  engine: Engine,
  codecs: readonly Codec[] = [],
): Promise<{ readonly network: Network; close(): Promise<void> }> {
  const opened: { readonly host: RelayHost; readonly network: Network }[] = [];
  let network = server;
  for (const segments of keeps) {
    const above = network;
    const host = await RelayHost.open({ connect: () => above.connect(), segments, engine, codecs });
    network = await openNetwork(transport, host);
    opened.unshift({ host, network });
  }
  const close = async () => {
    for (const { host, network: own } of opened) {
      host.close(new TandemError('CANCELLED', 'the relay is shutting down'));
      await own.close();
    }
  };
  return { network, close };
}
