import { participate } from '../client/participate.js';
import { RunHost } from '../server/run/run-host.js';
import type { RunResult } from '../server/run/summarise.js';
import { resolveRun } from '../shared/config.js';
import { runOptionsOf } from '../shared/run-fields.js';
import { dealData } from '../shared/data/partition.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import { decodeMessage, encodeMessage } from '../shared/protocol/message-codec.js';
import { loopbackPair } from '../shared/transport/loopback.js';
import type { Transport } from '../shared/transport/transport.js';
import type { SimulateOptions } from '../simulator/simulate.js';
import { withSend } from './with-send.js';

export interface HostileRunOptions extends SimulateOptions {
  readonly loadedEngine: Engine;
  /** Clients that send their bottoms with every weight times `factor`: the last ones. They train and evaluate honestly. */
  readonly hostile: number;
  readonly factor: number;
}

/** A simulated run in which some clients attack the aggregation. Only for bottoms whose weights are all float32. */
export async function hostileRun(options: HostileRunOptions): Promise<RunResult> {
  const { task, data, loadedEngine: engine, hostile, factor } = options;
  const settings = resolveRun(task, runOptionsOf(options));
  const run = await RunHost.create({ task, settings, engine, transport: 'loopback' });
  const clients = dealData(data, settings).map(async (part, index) => {
    const [client, server] = loopbackPair();
    void run.accept(server);
    const transport = index < settings.clients - hostile ? client : scaledBottoms(client, factor);
    for await (const _ of participate({ transport, data: part, engine, place: [index, settings.clients] }));
  });
  try {
    await Promise.all(clients);
    return await run.finished;
  } finally {
    run.close(new TandemError('CANCELLED', 'the run is over'));
  }
}

/** A client's transport that scales the weights of every bottom it sends. */
function scaledBottoms(transport: Transport, factor: number): Transport {
  return withSend(transport, (bytes) => {
    const message = decodeMessage(bytes);
    if (message.type !== 'bottom') {
      transport.send(bytes);
      return;
    }
    const values = new Float32Array(new Uint8Array(message.payload).buffer).map((value) => factor * value);
    transport.send(encodeMessage({ ...message, payload: new Uint8Array(values.buffer) }));
  });
}
