import { realClock, type Clock } from '../../shared/clock.js';

/** One alarm at a time: setting it again replaces the one before. */
export class Deadline {
  private cancelLast: () => void = () => undefined;

  constructor(
    private readonly clock: Clock = realClock,
    private readonly passed: () => void,
  ) {}

  set(seconds: number): void {
    this.cancelLast();
    this.cancelLast = this.clock.after(seconds, this.passed);
  }

  cancel(): void {
    this.cancelLast();
  }
}
