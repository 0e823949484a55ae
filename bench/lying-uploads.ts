import { decodeMessage, encodeMessage } from '../shared/protocol/message-codec.js';
import { createRng, type Rng } from '../shared/rng.js';
import type { Transport } from '../shared/transport/transport.js';
import { withSend } from './with-send.js';

/** How a client lies with what it uploads: weights of the right size drawn anew, or what it has learned the wrong way round, which no bound can tell from learning. */
export const manners = ['at random', 'slowly'] as const;
export type Manner = (typeof manners)[number];

/** A client's transport that lies with every bottom. Only for bottoms whose weights are all float32. */
export function lyingUploads(transport: Transport, manner: Manner, seed: string): Transport {
  const rng = createRng('lying uploads', seed);
  let start = new Float32Array();
  const lying = withSend(transport, (bytes) => {
    const message = decodeMessage(bytes);
    if (message.type !== 'bottom') return transport.send(bytes);
    const trained = weightsIn(message.payload);
    const values = manner === 'slowly' ? reversed(trained, start) : drawn(trained, rng);
    transport.send(encodeMessage({ ...message, payload: new Uint8Array(values.buffer) }));
  });
  const frames = async function* () {
    for await (const bytes of transport.frames()) {
      // The fifth byte is the message's code: most need not be read.
      if (bytes[5] === 4) {
        const message = decodeMessage(bytes);
        if (message.type === 'bottom') start = weightsIn(message.payload);
      }
      yield bytes;
    }
  };
  return Object.assign(lying, { frames });
}

function weightsIn(payload: Uint8Array): Float32Array<ArrayBuffer> {
  return new Float32Array(new Uint8Array(payload).buffer);
}

function reversed(trained: Float32Array, start: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(trained, (value, i) => 2 * (start[i] ?? 0) - value);
}

function drawn(trained: Float32Array, rng: Rng): Float32Array<ArrayBuffer> {
  const size = Math.sqrt(trained.reduce((sum, value) => sum + value * value, 0) / trained.length);
  return Float32Array.from(trained, () => size * rng.normal());
}
