import { Option, type Command } from 'commander';
import type { DoorOptions } from '../server/http/door.js';
import { atLeastOne } from './run-options.js';

/** What the flags about who reaches a server parse to. */
export interface DoorFlags extends Omit<DoorOptions, 'limits' | 'spentTickets'> {
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  readonly maxInferring?: number;
  readonly maxRequests?: number;
  readonly limitLoopback?: boolean;
}

/** Adds the flags about how a server is reached, by whom, and how much of it one may take. */
export function withDoorFlags(command: Command): Command {
  return command
    .option('--tls-cert <file>', 'the certificate, with its chain, in PEM: clients join with wss://')
    .option('--tls-key <file>', 'its private key')
    .option('--insecure', 'let other machines in without TLS or without tickets')
    .option('--entry <folder>', 'let in only who has an invite or an enrolled key (see tandem invite)')
    .addOption(new Option('--allow-origin <origin...>', 'pages whose scripts may come in, such as https://example.org'))
    .option('--host-name <name...>', 'further names that this server goes by, in your network or behind a proxy')
    .option('--public-url <url>', 'where others reach it through a proxy, such as https://train.example/tandem/')
    .option('--trust-proxy [addresses]', 'believe X-Forwarded-For of these proxies (default: of those on this machine)')
    .option('--audit-log <file>', 'add entries and refusals to this file, as JSON lines')
    .option('--max-connections <n>', 'sockets open at once (default: 256 and 8 for each client)', atLeastOne)
    .option('--max-connections-per-address <n>', 'of them from one address (default: 64 and 8 a client)', atLeastOne)
    .option('--max-inferring <n>', 'clients that ask for predictions at once (default: 64)', atLeastOne)
    .option('--max-requests <n>', 'of one address in a minute (default: 120 and 8 a client)', atLeastOne)
    .option('--limit-loopback', "hold this machine's own addresses to the limits by address, too");
}

export function doorOptions(flags: DoorFlags): DoorOptions {
  const { maxConnections, maxConnectionsPerAddress, maxInferring, maxRequests, limitLoopback, ...options } = flags;
  const limits = {
    ...(maxConnections === undefined ? {} : { connections: maxConnections }),
    ...(maxConnectionsPerAddress === undefined ? {} : { connectionsPerAddress: maxConnectionsPerAddress }),
    ...(maxInferring === undefined ? {} : { inferring: maxInferring }),
    ...(maxRequests === undefined ? {} : { requestsPerMinute: maxRequests }),
    ...(limitLoopback === undefined ? {} : { limitLoopback }),
  };
  return { ...options, limits };
}
