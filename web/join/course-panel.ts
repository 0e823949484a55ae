import { testLine, type TestProgress } from '../../shared/test-progress.js';
import type { Loading } from '../../shared/read-body.js';
import { element, spanText, whole } from './elements.js';
import { loadingText } from './loading-panel.js';
import { Ticking } from './ticking.js';

/** The pace is that of the newest steps: a run gets faster and slower with its other clients. */
const PACE_MS = 20_000;

/** How far the part is, of how much, and how long the rest will take. */
export class CoursePanel {
  private readonly box = element('course', HTMLDivElement);
  private readonly bar = element('course-bar', HTMLProgressElement);
  private readonly text = element('course-text', HTMLParagraphElement);
  private readonly waiting = new Ticking(this.text);
  private sinceMs = 0;
  private marks: { readonly step: number; readonly ms: number }[] = [];

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** It is in, and nothing trains yet. */
  wait(): void {
    this.marks = [];
    this.box.hidden = false;
    this.bar.removeAttribute('value');
    this.waiting.begin('Waiting for the first step');
  }

  /** What the first step needs is on its way. */
  load(loading: Loading): void {
    this.waiting.end();
    if (loading.bytes === 0) this.sinceMs = this.nowMs();
    if (loading.of) this.bar.value = loading.bytes / loading.of;
    this.text.textContent = loadingText(loading, this.nowMs() - this.sinceMs);
    if (loading.bytes === loading.of) this.wait();
  }

  /** `of` is undefined where nobody knows. */
  step(step: number, of: number | undefined): void {
    this.waiting.end();
    const ms = this.nowMs();
    this.marks.push({ step, ms });
    while (this.marks.length > 2 && ms - (this.marks[0]?.ms ?? 0) > PACE_MS) this.marks.shift();
    if (of === undefined) {
      this.bar.removeAttribute('value');
      this.text.textContent = `Step ${whole(step)}.`;
      return;
    }
    // A plan may be off by a few steps, and a bar does not go back.
    const total = Math.max(step, of);
    this.bar.value = step / total;
    const left = this.secondsFor(total - step);
    this.text.textContent = `Step ${whole(step)} of about ${whole(total)}${left === null ? '' : `, ${spanText(left)} left`}.`;
  }

  test(progress: TestProgress): void {
    this.waiting.end();
    this.bar.value = progress.total > 0 ? progress.done / progress.total : 0;
    const line = testLine(progress);
    this.text.textContent = `${line.charAt(0).toUpperCase()}${line.slice(1)}.`;
  }

  end(): void {
    this.waiting.end();
    this.box.hidden = true;
  }

  private secondsFor(steps: number): number | null {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    if (!first || !last || last.step === first.step || steps === 0) return null;
    return ((last.ms - first.ms) / (last.step - first.step) / 1000) * steps;
  }
}
