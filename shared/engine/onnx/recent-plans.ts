/** What has been compiled, by key: over the bound, what was asked for longest ago is released. */
export class RecentPlans<T> {
  /** A map keeps its order: the newest is last. */
  private readonly plans = new Map<string, Promise<T>>();

  constructor(
    private readonly most: number,
    private readonly release: (plan: T) => Promise<void>,
  ) {}

  get count(): number {
    return this.plans.size;
  }

  /** The one of this key; compiled where it is not there. The one that was asked for just before is never released by it. */
  get(key: string, compile: () => Promise<T>): Promise<T> {
    const plan = this.plans.get(key) ?? compile();
    this.plans.delete(key);
    this.plans.set(key, plan);
    const [oldest] = this.plans;
    if (this.plans.size > Math.max(2, this.most) && oldest) this.forget(...oldest);
    return plan;
  }

  dispose(): void {
    for (const [key, plan] of [...this.plans]) this.forget(key, plan);
  }

  private forget(key: string, plan: Promise<T>): void {
    this.plans.delete(key);
    // What failed to compile holds nothing to free.
    void plan.then(this.release).catch(() => undefined);
  }
}
