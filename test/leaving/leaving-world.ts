import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import type { ClientData, Dataset } from '../../shared/data/dataset.js';
import type { Engine } from '../../shared/engine/engine.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import type { Task } from '../../shared/task.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import type { Transport } from '../../shared/transport/transport.js';

/** A data set that is read row by row, one of which is made wrong: it is found when its step comes. */
export function withBadRow(
  data: ClientData,
  row: number,
  spoil: (batch: Awaited<Rows>, at: number) => void,
): ClientData {
  const { train } = data;
  const spoilt: Dataset = {
    size: train.size,
    label: (at) => train.label(at),
    batch: async (rows) => {
      const batch = await train.batch(rows);
      const at = Array.from(rows).indexOf(row);
      if (at >= 0) spoil(batch, at);
      return batch;
    },
  };
  return { ...data, train: spoilt };
}

type Rows = ReturnType<Dataset['batch']>;

export interface Gathering {
  readonly task: Task;
  readonly options: RunOptions & { readonly clients: number };
  readonly engine: Engine;
  /** Instead of its share of the data. */
  readonly replaced?: ReadonlyMap<number, ClientData>;
  readonly data: ClientData;
  /** Instead of the run's own door. */
  readonly through?: (accept: (transport: Transport) => Promise<void>) => Promise<(transport: Transport) => void>;
}

/** A run and its clients in this process: how it ended, what was told of it, and the error of each client that had one. */
export async function gather({ task, options, engine, replaced, data, through }: Gathering) {
  const settings = resolveRun(task, options);
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent) => void events.push(event);
  const host = await createHost({ task, settings, engine, transport: 'loopback', onEvent });
  const accept = (await through?.((transport) => host.accept(transport))) ?? ((end) => void host.accept(end));
  const errors = new Map<number, TandemError>();
  const clients = dealData(data, settings).map(async (part, index) => {
    const [transport, server] = loopbackPair();
    accept(server);
    const own = { transport, engine, data: replaced?.get(index) ?? part, place: [index, settings.clients] as const };
    try {
      for await (const _ of participate(own));
    } catch (error) {
      errors.set(index, asTandemError(error));
    }
  });
  await Promise.all(clients);
  const outcome = await host.finished.catch(asTandemError);
  host.close(new TandemError('CANCELLED', 'the test is over'));
  return { outcome, events, errors };
}
