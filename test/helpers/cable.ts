import { TandemError } from '../../shared/errors.js';
import { FrameQueue } from '../../shared/transport/frame-queue.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import type { Transport } from '../../shared/transport/transport.js';

/** Two ends of a link in this process that can be cut: what is under way is lost, and both ends are told that the link broke. */
export class Cable {
  readonly ends: readonly [Transport, Transport];
  private readonly cutEnds: CutEnd[];

  /** `passed` hears of every message that reaches an end. */
  constructor(passed: (cable: Cable, bytes: Uint8Array) => void = () => undefined) {
    const ends = loopbackPair().map((end) => new CutEnd(end, (bytes) => passed(this, bytes)));
    this.cutEnds = ends;
    this.ends = ends as unknown as [Transport, Transport];
  }

  cut(): void {
    for (const end of this.cutEnds) end.cut();
  }
}

class CutEnd implements Transport {
  private readonly queue = new FrameQueue();
  private isCut = false;

  constructor(
    private readonly inner: Transport,
    private readonly passed: (bytes: Uint8Array) => void,
  ) {
    void this.pump();
  }

  send(bytes: Uint8Array): void {
    if (this.isCut) throw new TandemError('LINK_LOST', 'the cable is cut');
    this.inner.send(bytes);
  }

  frames(): AsyncIterable<Uint8Array> {
    return this.queue;
  }

  close(status?: number, reason?: string): void {
    this.inner.close(status, reason);
  }

  cut(): void {
    this.isCut = true;
    this.queue.end(new TandemError('LINK_LOST', 'the cable was cut'));
    this.inner.close(4999, 'cut');
  }

  private async pump(): Promise<void> {
    try {
      for await (const bytes of this.inner.frames()) {
        if (this.isCut) return;
        this.queue.push(bytes);
        this.passed(bytes);
      }
      this.queue.end();
    } catch (error) {
      this.queue.end(error as TandemError);
    }
  }
}
