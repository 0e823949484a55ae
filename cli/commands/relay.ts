import { Option, type Command } from 'commander';
import { linkLine } from '../../client/link-news.js';
import { checkServerAddress } from '../../client/server-address.js';
import type { RelayOptions } from '../../relay/relay.js';
import { pickFields } from '../../shared/fields/check-fields.js';
import type { RelaySummary } from '../../relay/relay-host.js';
import { engineNames } from '../../shared/engine/choose-engine.js';
import { doorOptions, withDoorFlags, type DoorFlags } from '../door-flags.js';
import { entryOptions, withEntryFlags, type EntryFlags } from '../entry-flags.js';
import { sayDeparture, type RunEvent } from '../../shared/events.js';
import { changeLine } from '../change-line.js';
import { createLog } from '../log.js';
import { openAddress } from '../join-link.js';
import { loadEngine } from '../load-engine.js';
import { fail, succeed, tellLost } from '../outcome.js';
import { megabytes } from '../report.js';
import { atLeastOne, graceFlag, jsonFlag, logFlag, portNumber, strictFlag } from '../run-options.js';
import { interruption, onAbort } from '../signals.js';

interface RelayFlags extends DoorFlags, EntryFlags {
  readonly server: string;
  readonly port: number;
  readonly host: string;
  readonly segments: number;
  readonly graceSeconds: number;
  readonly maxClients: number;
  readonly engine: string;
  readonly strict: boolean;
  readonly json: boolean;
  readonly logJson: boolean;
}

export function addRelay(program: Command): void {
  const command = program
    .command('relay')
    .description('hold the middle of a model between clients and a server (topology multi-hop)')
    .requiredOption('--server <url>', 'the server, or the next relay on the way to it')
    .option('--port <n>', 'where clients join; 0 takes a free port', portNumber, 8081)
    .option('--host <address>', 'the address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--segments <n>', 'segments to keep here, the uppermost of those the server gives away', atLeastOne, 1)
    .addOption(graceFlag())
    .option('--max-clients <n>', 'clients at a time', atLeastOne, 256)
    .addOption(new Option('--engine <name>', 'what computes').choices(engineNames).default('auto'));
  withDoorFlags(withEntryFlags(command))
    .addOption(strictFlag())
    .addOption(jsonFlag())
    .addOption(logFlag())
    .addHelpText('after', '\nExample:\n  $ tandem relay --server ws://127.0.0.1:8080 --port 8081\n')
    .action(run);
}

async function run(flags: RelayFlags): Promise<void> {
  const log = createLog({ json: flags.logJson, write: (line) => process.stderr.write(line) });
  const interrupted = interruption((text) => log.warn(text));
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'client-left') log.info(`client ${event.client} ${sayDeparture(event)}`);
    else if (event.kind === 'link') log.warn({ client: event.client }, changeLine(event.client, event.change));
    else if (event.kind === 'client-joined') {
      const samples = event.samples.toLocaleString('en');
      log.info(`client ${event.client} joined with ${samples} samples on ${event.engine}`);
    } else if (event.kind === 'refused') {
      const who = event.client === null ? 'a client' : `client ${event.client}`;
      log.info(`${who} was refused: ${event.reason} (${event.code})`);
    }
  };
  try {
    checkServerAddress(flags.server);
    const { relay } = await import('../../relay/relay.js');
    const { relayFields } = await import('../../relay/relay-fields.js');
    const loadedEngine = await loadEngine(flags.engine, log);
    const running = await relay({
      ...pickFields<RelayOptions>({ ...flags, ...doorOptions(flags) }, relayFields),
      ...(await entryOptions(flags)),
      server: flags.server,
      loadedEngine,
      onEvent,
      onLinkNews: (client, news) => {
        const whose = client === null ? 'the relay' : `client ${client}`;
        log.warn({ client: client ?? undefined }, `for ${whose}: ${linkLine(news)}`);
      },
      onTrouble: (message) => log.error(message),
    });
    onAbort(interrupted, () => void running.close());
    const { task, layers } = running.above;
    log.info(
      `relaying '${task}' at ${openAddress(running.url)} to ${flags.server}, holding ${layers.join(', ') || 'no weights'}`,
    );
    const summary = await running.finished;
    succeed(flags.json, summary, sentence(summary));
    tellLost(summary.lost, flags.strict);
  } catch (error) {
    fail(error, flags.json);
  }
}

function sentence({ clients, steps, samples, seconds, bytesBelow, bytesAbove }: RelaySummary): string {
  return (
    `relayed ${steps} steps, ${samples.toLocaleString('en')} samples of ${clients} client${clients === 1 ? '' : 's'} ` +
    `in ${seconds.toFixed(1)} s; ${megabytes(bytesBelow.total)} below, ${megabytes(bytesAbove.total)} above`
  );
}
