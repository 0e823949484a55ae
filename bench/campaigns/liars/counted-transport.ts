import type { Transport } from '../../../shared/transport/transport.js';
import type { WorldClock } from './world-clock.js';

/** A link whose frames, both ways, take time. */
export class Counted implements Transport {
  constructor(
    private readonly inner: Transport,
    private readonly clock: WorldClock,
  ) {}

  get hasRoom(): boolean {
    return this.inner.hasRoom;
  }

  onRoom(callback: () => void): void {
    this.inner.onRoom(callback);
  }

  send(bytes: Uint8Array): void {
    this.clock.tick();
    this.inner.send(bytes);
  }

  async *frames(): AsyncGenerator<Uint8Array, void> {
    for await (const bytes of this.inner.frames()) {
      this.clock.tick();
      yield bytes;
    }
  }

  close(status?: number, reason?: string): void {
    this.inner.close(status, reason);
  }
}
