import type { Transport } from '../../../shared/transport/transport.js';

/** A transport that can be given up without asking the other side. */
export interface LosableTransport extends Transport {
  lose(): void;
}

/** The links of one session: the one that is there can be replaced where there is reason not to trust it. */
export class RenewedLinks {
  /** The newest two: beside a silent link another may be opened, and either may end up in use. */
  private newest: LosableTransport[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(private readonly open: (address: string | null) => Promise<LosableTransport>) {}

  readonly connect = async (address: string | null): Promise<Transport> => {
    const link = await this.open(address);
    this.newest = [link, ...this.newest].slice(0, 2);
    return link;
  };

  /** Registers a callback that ends the pause before the next attempt; returns how to stop that. */
  readonly onHurry = (callback: () => void): (() => void) => {
    this.waiting.add(callback);
    return () => this.waiting.delete(callback);
  };

  /** An attempt now is likely to succeed. */
  hurry(): void {
    for (const callback of [...this.waiting]) callback();
  }

  /** Drops the present links: they belong to a network, or a time, that is gone. */
  renew(): void {
    for (const link of this.newest.splice(0)) link.lose();
    this.hurry();
  }
}
