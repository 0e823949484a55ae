/** Remembers which tickets have been used, until they would have expired anyway. */
export interface SpentTickets {
  /** False for one that was spent before. `expires` in milliseconds since 1970. */
  spend(id: string, expires: number): boolean;
}

/** In this process: its signing key ends with it, so no ticket outlives the memory. */
export class SpentTicketMemory implements SpentTickets {
  /** In the order of spending, which is about the order of expiry. */
  private readonly spent = new Map<string, number>();

  constructor(private readonly now: () => number = Date.now) {}

  spend(id: string, expires: number): boolean {
    this.forgetExpired();
    if (this.spent.has(id)) return false;
    this.spent.set(id, expires);
    return true;
  }

  get size(): number {
    return this.spent.size;
  }

  private forgetExpired(): void {
    const now = this.now();
    for (const [id, expires] of this.spent) {
      if (expires > now) return;
      this.spent.delete(id);
    }
  }
}
