import type { EarlyStoppingRule } from '../../shared/early-stopping.js';

/** What evaluations of a run should come to, worked out beside it; the smaller value is the better one. */
export class EarlyStoppingOracle {
  /** Rounds done at the last evaluation. */
  round = 0;
  /** Whether the model just evaluated is the best and has not been kept yet. */
  owesKeeping = false;
  private best = Infinity;
  private waited = 0;

  constructor(private readonly rule: EarlyStoppingRule | undefined) {}

  isDue(round: number): boolean {
    return this.rule !== undefined && round > this.round && round % this.rule.every === 0;
  }

  score(value: number | null): void {
    this.owesKeeping = value !== null && value < this.best;
    if (this.owesKeeping) this.best = value ?? this.best;
    this.waited = this.owesKeeping ? 0 : this.waited + Number(value !== null);
  }

  get isOutOfPatience(): boolean {
    return this.rule?.patience !== undefined && this.waited >= this.rule.patience;
  }
}
