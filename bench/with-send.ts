import type { Transport } from '../shared/transport/transport.js';

/** A transport that sends in another way. */
export function withSend(inner: Transport, send: (bytes: Uint8Array) => void): Transport {
  return {
    send,
    get hasRoom() {
      return inner.hasRoom;
    },
    onRoom: (callback) => inner.onRoom(callback),
    frames: () => inner.frames(),
    close: (status, reason) => inner.close(status, reason),
  };
}
