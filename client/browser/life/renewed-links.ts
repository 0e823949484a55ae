import type { Transport } from '../../../shared/transport/transport.js';

/** A transport that can be given up without asking the other side. */
export interface LosableTransport extends Transport {
  lose(): void;
}

/** The links of one session: the one that is there can be replaced where there is reason not to trust it. */
export class RenewedLinks {
  private current: LosableTransport | undefined;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly open: (address: string | null) => Promise<LosableTransport>) {}

  readonly connect = async (address: string | null): Promise<Transport> => (this.current = await this.open(address));

  /** Calls back when whoever waits before the next attempt need not; answers how to stop that. */
  readonly onHurry = (callback: () => void): (() => void) => {
    this.waiting.add(callback);
    return () => this.waiting.delete(callback);
  };

  /** An attempt now is likely to succeed. */
  hurry(): void {
    for (const callback of [...this.waiting]) callback();
  }

  /** The link that is there belongs to a network, or a time, that is gone. */
  renew(): void {
    this.current?.lose();
    this.hurry();
  }
}
