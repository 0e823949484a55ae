import { connect } from '../client/node/join.js';
import { listen } from '../server/listen.js';
import { loopbackPair } from '../shared/transport/loopback.js';
import type { Transport } from '../shared/transport/transport.js';
import type { TransportName } from './transport-names.js';

/** Who takes links: a run, or a relay. */
export interface Acceptor {
  readonly maxMessageBytes: number;
  accept(transport: Transport): Promise<void>;
}

/** The way to one acceptor. */
export interface Network {
  connect(): Promise<Transport>;
  close(): Promise<void>;
}

/** Real sockets on loopback, or links in this process. */
export async function openNetwork(transport: TransportName, acceptor: Acceptor): Promise<Network> {
  const accept = (end: Transport) => void acceptor.accept(end);
  if (transport === 'loopback') {
    return {
      connect: async () => {
        const [client, server] = loopbackPair();
        accept(server);
        return client;
      },
      close: () => Promise.resolve(),
    };
  }
  const { maxMessageBytes } = acceptor;
  const listener = await listen({ host: '127.0.0.1', port: 0, maxMessageBytes, onTransport: accept });
  return { connect: () => connect(listener.url), close: () => listener.close() };
}
