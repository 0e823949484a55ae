import { TandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import { plainLine } from '../../shared/plain-line.js';
import type { Message } from '../../shared/protocol/messages.js';
import { createHost } from '../create-host.js';
import type { Host } from '../host.js';
import type { RunHostOptions } from '../run/run-host-options.js';
import type { RunResult } from '../run/summarise.js';
import { Hooks } from './hooks.js';
import type { RunHooks } from './run-hooks.js';

/** The host of a run, with a program's hooks around it: they hear its events after everybody else. */
export async function createHookedHost(
  options: RunHostOptions,
  hooks: RunHooks | undefined,
  onTrouble?: (text: string) => void,
): Promise<Host> {
  if (!hooks) return createHost(options);
  const { settings, onEvent } = options;
  const own = new Hooks(hooks, onTrouble);
  const host = await createHost({
    ...options,
    settings: { ...settings, isStopped: () => own.stopping !== null },
    turnsAway: (hello) => turnedAway(own, hello),
    onEvent: (event) => {
      onEvent?.(event);
      tell(own, event);
    },
  });
  const finished = host.finished.then((result) => withReason(result, own.stopping));
  const { id, maxMessageBytes, maxQueryBytes } = host;
  return {
    id,
    about: host.about,
    maxMessageBytes,
    ...(maxQueryBytes === undefined ? {} : { maxQueryBytes }),
    finished,
    accept: (transport) => host.accept(transport),
    close: (error) => host.close(error),
    ...(host.drain ? { drain: async (seconds, address) => host.drain?.(seconds, address) } : {}),
  };
}

function turnedAway(hooks: Hooks, { role, engine, shard }: Message<'hello'>): TandemError | undefined {
  const why = hooks.admit({ role, engine: plainLine(engine), shard });
  return why === undefined ? undefined : new TandemError('NO_ENTRY', why, 'ask whoever runs the server');
}

function tell(hooks: Hooks, event: RunEvent): void {
  switch (event.kind) {
    case 'round-started':
      return hooks.roundStart({ round: event.round, planned: event.planned });
    case 'step':
      return hooks.step({ step: event.step, client: event.client, loss: event.loss, samples: event.samples });
    case 'aggregated':
      return hooks.roundEnd({ round: event.round, clients: event.clients });
    default:
      return undefined;
  }
}

function withReason(result: RunResult, stopReason: string | null): RunResult {
  if (stopReason === null) return result;
  return { ...result, summary: { ...result.summary, stopped: 'hook', stopReason } };
}
