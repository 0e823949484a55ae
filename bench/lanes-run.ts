import { participate } from '../client/participate.js';
import { createHost } from '../server/create-host.js';
import { resolveRun, type RunOptions } from '../shared/config.js';
import type { ClientData } from '../shared/data/dataset.js';
import { dealData } from '../shared/data/partition.js';
import type { Engine } from '../shared/engine/engine.js';
import type { Task } from '../shared/task.js';
import { loopbackPair } from '../shared/transport/loopback.js';
import type { Transport } from '../shared/transport/transport.js';
import type { MadeUpTime } from './made-up-time.js';

export interface LanesRun extends RunOptions {
  readonly task: Task;
  readonly data: ClientData;
  readonly clientEngine: Engine;
  readonly laneEngine: Engine;
  /** In whose time; that of the machine when left out. */
  readonly time?: MadeUpTime;
  /** Milliseconds that a message takes from a client to the server, in time that is made up. */
  readonly uplinkMs?: number;
  /** Steps of all clients before the clock starts. */
  readonly warmUp: number;
}

/** A run in this process. Answers the milliseconds from one step of any client to the next. */
export async function stepMs({ task, data, clientEngine, laneEngine, time, uplinkMs = 0, warmUp, ...run }: LanesRun) {
  const settings = resolveRun(task, run);
  let [first, last, steps] = [0, 0, 0];
  const host = await createHost({
    ...{ task, settings, engine: laneEngine, transport: 'loopback' },
    onEvent: ({ kind }) => {
      if (kind !== 'step') return;
      last = time?.nowMs ?? performance.now();
      if (++steps === warmUp) first = last;
    },
  });
  const clients = dealData(data, settings).map(async (part, client) => {
    const [here, there] = loopbackPair();
    void host.accept(there);
    const transport = time && uplinkMs > 0 ? delayed(here, time, uplinkMs) : here;
    const place = [client, settings.clients] as const;
    for await (const _ of participate({ transport, data: part, engine: clientEngine, place }));
  });
  await Promise.all([...clients, host.finished]);
  return (last - first) / (steps - warmUp);
}

/** The engine, with so many milliseconds in each forward pass of its segments; and how many of them were under way at once at most. */
export function slowed(engine: Engine, time: MadeUpTime, ms: number) {
  let [atWork, most] = [0, 0];
  const segment: Engine['segment'] = async (options) => {
    const made = await engine.segment(options);
    const forward = made.forward.bind(made);
    made.forward = async (batch, step) => {
      most = Math.max(most, ++atWork);
      await time.wait(ms);
      const result = await forward(batch, step);
      atWork--;
      return result;
    };
    return made;
  };
  return { engine: { ...engine, segment }, mostAtWork: () => most };
}

/** A transport whose messages take a while on their way out; they stay in their order. */
function delayed(transport: Transport, time: MadeUpTime, ms: number): Transport {
  return {
    send: (bytes) => void time.wait(ms).then(() => transport.send(bytes)),
    get hasRoom() {
      return transport.hasRoom;
    },
    onRoom: (callback) => transport.onRoom(callback),
    frames: () => transport.frames(),
    close: (status, reason) => void time.wait(ms).then(() => transport.close(status, reason)),
  };
}
