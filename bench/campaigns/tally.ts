/** What was tried in a campaign, and what came of it. */
export class Tally {
  readonly attempts: Record<string, number> = {};
  readonly accepted: Record<string, number> = {};
  readonly honest = { attempts: 0, accepted: 0 };
  total = 0;
  /** One answer of each sort: what people are told must hold no secret either. */
  readonly answers: string[] = [];
  private readonly seen = new Set<string>();

  add(kind: string, accepted: boolean, answer: string): void {
    this.total++;
    this.attempts[kind] = (this.attempts[kind] ?? 0) + 1;
    if (accepted) this.accepted[kind] = (this.accepted[kind] ?? 0) + 1;
    const sort = answer.replace(/\d+/g, '');
    if (this.seen.has(sort) || this.seen.size > 1000) return;
    this.seen.add(sort);
    this.answers.push(answer);
  }
}
