import type { RunSettings } from '../../shared/config.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { knownOf } from '../../shared/protocol/capabilities.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { ClientSession } from '../session/client-session.js';
import type { SessionLinks } from '../session/session-links.js';
import type { ClientPart } from './client-part.js';
import type { Places } from './places.js';
import type { RunState } from './run-state.js';

/** Its old session still holds the place. */
const LOST = "who was here before and has lost its state: again when the server's --grace is over";

/** As `placeOf`, but a client that was let in and is not ready for long loses its place to this one. */
export function placeAmong(hello: Message<'hello'>, run: RunState, places: Pick<Places, 'taken' | 'makeWay'>): number {
  try {
    return placeOf(hello, run, places.taken);
  } catch (error) {
    if (asTandemError(error).code !== 'RUN_FULL' || !places.makeWay(hello.shard?.[0])) throw error;
    return placeOf(hello, run, places.taken);
  }
}

/** Decides a client's place, also in a run that has begun; `taken` lists the places in use. Throws RUN_FULL, RUN_OVER or BAD_OPTION. */
export function placeOf(hello: Message<'hello'>, run: RunState, taken: ReadonlySet<number>): number {
  const { clients } = run.settings;
  if (run.phase === 'finished') throw new TandemError('RUN_OVER', 'the run has finished');
  if (hello.party !== null) {
    const what = `the client was started as party '${hello.party}', and this run has no parties`;
    throw new TandemError('BAD_OPTION', what, 'leave --party out, or serve with --topology vertical');
  }
  if (hello.shard) return shardPlace(hello.shard, clients, taken);
  for (let place = 0; place < clients; place++) if (!taken.has(place)) return place;
  throw new TandemError(
    'RUN_FULL',
    `all ${clients} places of the run are taken`,
    `wait for the next run, or raise --clients on the server; ${LOST}`,
  );
}

/** Throws BAD_VERSION for a client without a capability that this run needs. */
export function refuseWithout(capability: string, { capabilities }: Pick<Message<'hello'>, 'capabilities'>): void {
  if (capabilities.includes(capability)) return;
  const what = `this run needs clients with the capability '${capability}', and this one has not named it`;
  throw new TandemError('BAD_VERSION', what, 'join with a newer Tandem');
}

/** The `welcome` of a client. The id of its session is random, as whoever knows it may resume the session. */
export function welcome(
  run: string,
  task: string,
  settings: RunSettings,
  client: number,
  grace: number,
  { capabilities }: Message<'hello'>,
): Message<'welcome'> {
  const { clients, seed, batch, partition, limit = null } = settings;
  const known = knownOf(capabilities);
  const { codecUp = null, codecDown = null, codecWeights = null } = settings;
  const session = crypto.randomUUID();
  return {
    type: 'welcome',
    run,
    task,
    session,
    client,
    clients,
    seed,
    batch,
    partition,
    limit,
    grace,
    capabilities: known,
    codecUp,
    codecDown,
    codecWeights,
  };
}

/** Sends a client its `welcome` and `model`, and holds its session to the rules of that model. `stored` is set where there are checkpoints. */
export function letIn(
  session: ClientSession,
  message: Message<'welcome'>,
  role: 'train' | 'infer',
  { model, rules }: Pick<ClientPart, 'rules'> & { readonly model: Message<'model'> },
  links: SessionLinks,
  stored?: number,
): void {
  session.send(message);
  session.id = message.session;
  if (message.grace > 0) links.keep(session.id, session.link, stored);
  session.send(model);
  session.dispatch({ kind: 'contracted', rules });
  session.dispatch({ kind: 'accepted', role });
}

function shardPlace([index, count]: readonly [number, number], clients: number, taken: ReadonlySet<number>): number {
  if (count !== clients || index >= count) {
    throw new TandemError(
      'BAD_OPTION',
      `the client was started for shard ${index}/${count}, the run has ${clients} clients`,
      `join with --shard 0/${clients} to ${clients - 1}/${clients}`,
    );
  }
  if (taken.has(index)) {
    throw new TandemError('RUN_FULL', `shard ${index}/${count} has already joined`, `join with another shard; ${LOST}`);
  }
  return index;
}

/** Throws BAD_OPTION for rows to predict, which only parties of a vertical run give. */
export function refuseToPredict({ toPredict }: Message<'ready'>): void {
  if (!toPredict) return;
  const what = `the client has ${toPredict} rows to predict, and this run has no parties that have columns of them`;
  throw new TandemError('BAD_OPTION', what, 'ask for predictions after the run');
}
