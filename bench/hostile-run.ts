import { participate } from '../client/participate.js';
import { createHost } from '../server/create-host.js';
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
import { lyingUploads, type Manner } from './lying-uploads.js';
import { withSend } from './with-send.js';

export interface HostileRunOptions extends SimulateOptions {
  readonly loadedEngine: Engine;
  /** Clients that send their bottoms with every weight times `factor`: the last ones. They train and evaluate honestly. */
  readonly hostile: number;
  readonly factor: number;
  /** How hostile clients lie with their bottoms instead. */
  readonly manner?: Manner;
  /** Clients that do not come, the last ones: the others' data are the same without them. */
  readonly absent?: number;
}

/** A simulated run in which some clients attack the aggregation. Only for bottoms whose weights are all float32. */
export async function hostileRun(options: HostileRunOptions): Promise<RunResult> {
  const { task, data, loadedEngine: engine, hostile, factor, manner, absent = 0 } = options;
  const dealt = resolveRun(task, runOptionsOf(options));
  const settings = { ...dealt, clients: dealt.clients - absent };
  const run = await createHost({ task, settings, engine, transport: 'loopback' });
  const parts = dealData(data, dealt).slice(0, settings.clients);
  const clients = parts.map(async (part, index) => {
    const [client, server] = loopbackPair();
    void run.accept(server);
    const lying = () => (manner ? lyingUploads(client, manner, String(index)) : scaledBottoms(client, factor));
    const transport = index < settings.clients - hostile ? client : lying();
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
