import type { TabClient } from '../../client/browser/tab-client.js';
import type { Progress, RunAddress } from '../../client/browser/worker/calls.js';
import type { LinkNews } from '../../client/link-news.js';
import type { RunOutcome } from '../../client/participate.js';
import { drawCurve, LossCurve } from './curve.js';
import { CoursePanel } from './course-panel.js';
import { bytesText, element, showFacts, whole } from './elements.js';
import { estimatePart, type SampleCounts } from '../../shared/part-estimate.js';
import type { Loading } from '../../shared/read-body.js';
import type { RunCard } from '../../shared/run-card.js';
import { testLine, type TestProgress } from '../../shared/test-progress.js';
import { linkSentence, sentenceFor } from './sentences.js';

export interface TrainingPanelOptions {
  readonly tab: TabClient;
  readonly address: RunAddress;
  /** Whether the part is to outlive the page. */
  readonly keep: () => boolean;
  readonly onBegin: () => void;
  /** The first step is done. */
  readonly onUnderWay: () => void;
  readonly onEnd: (outcome: RunOutcome) => void;
  readonly onFail: (error: unknown) => void;
}

/** Start, pause and leave, and how far it is. */
export class TrainingPanel {
  private readonly start = element('start', HTMLButtonElement);
  private readonly pause = element('pause', HTMLButtonElement);
  private readonly leave = element('leave', HTMLButtonElement);
  private readonly status = element('train-status', HTMLParagraphElement);
  private readonly canvas = element('curve', HTMLCanvasElement);
  private readonly curve = new LossCurve();
  private isPaused = false;
  private isSpared = false;
  private isUnderWay = false;
  /** Of a test, how many tenths are done. */
  private tenth = -1;
  private frame = 0;
  private last: Progress | undefined;
  private training = Promise.resolve();
  private readonly course = new CoursePanel();
  private stepsOf: () => number | undefined = () => undefined;

  constructor(private readonly options: TrainingPanelOptions) {
    this.start.addEventListener('click', () => {
      // What happens now is below, out of sight of a phone.
      element('train-title', HTMLHeadingElement).scrollIntoView({ block: 'start' });
      void this.train();
    });
    this.pause.addEventListener('click', () => this.toggle());
    this.leave.addEventListener('click', () => void options.tab.leave());
    options.tab.watchLink((news) => this.showLink(news));
    options.tab.watchTesting((progress) => this.showTest(progress));
    addEventListener('resize', () => this.redraw());
  }

  /** How many steps the part will have, by what the server plans and how many samples are here. */
  plan({ run }: RunCard, data: () => SampleCounts | undefined): void {
    this.stepsOf = () => {
      const counts = data();
      return run?.plan && counts ? estimatePart(run.plan, run.clients, counts).steps : undefined;
    };
  }

  /** Whether it is in, or on its way in, and the first step has not been done. */
  get isBeginning(): boolean {
    return this.start.disabled && !this.leave.disabled && !this.isUnderWay;
  }

  /** What comes over the network for the part itself. */
  load(loading: Loading): void {
    this.course.load(loading);
  }

  /** Whether the person has agreed to what is sent. */
  allow(isAllowed: boolean): void {
    this.start.disabled = !isAllowed;
  }

  redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => drawCurve(this.canvas, this.curve.points));
  }

  /** Whether the device is to be spared: it pauses as if the person had asked for it. */
  spare(isSpared: boolean): void {
    this.isSpared = isSpared;
    this.applyPause();
  }

  /** Trains until the run ends, with data that are loaded and agreed to. Never throws. */
  train(): Promise<void> {
    return (this.training = this.run());
  }

  /** Says goodbye to the run, if this tab is in one. */
  async leaveRun(): Promise<void> {
    await this.options.tab.leave();
    await this.training;
  }

  private async run(): Promise<void> {
    const { tab, address, keep, onBegin, onEnd, onFail } = this.options;
    this.start.disabled = true;
    this.isUnderWay = false;
    this.course.wait();
    onBegin();
    this.pause.disabled = this.leave.disabled = false;
    this.status.textContent = this.isSpared
      ? 'You come in when the pause is over.'
      : 'You are in. Training begins when all the clients of the run are there.';
    try {
      const training = tab.train(address, (progress) => this.show(progress), { keep: keep() });
      this.applyPause();
      const outcome = await training;
      this.status.textContent = ending(outcome);
      // With the bytes of the test, which comes after the last step.
      this.showNumbers(outcome);
      onEnd(outcome);
    } catch (error) {
      this.status.textContent = sentenceFor(error);
      this.start.disabled = false;
      onFail(error);
    } finally {
      this.pause.disabled = this.leave.disabled = true;
      this.course.end();
    }
  }

  private toggle(): void {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute('aria-pressed', `${this.isPaused}`);
    this.pause.textContent = this.isPaused ? 'Go on' : 'Pause';
    this.status.textContent = this.isPaused ? 'Paused. Others of the run may have to wait.' : 'Training.';
    this.applyPause();
  }

  private applyPause(): void {
    if (!this.options.tab.isStopped) void this.options.tab.pause(this.isPaused || this.isSpared);
  }

  private showLink(news: LinkNews): void {
    this.status.textContent = linkSentence(news);
  }

  /** Ten times a test: a screen reader would read every number out. */
  private showTest(progress: TestProgress): void {
    this.course.test(progress);
    const tenth = Math.floor((10 * progress.done) / progress.total);
    if (tenth === this.tenth) return;
    this.tenth = tenth;
    if (progress.bytes) this.showNumbers(progress.bytes);
    this.status.textContent = `The model is tested (${testLine(progress)}).`;
  }

  private show(progress: Progress): void {
    const { losses } = progress;
    if (!this.isUnderWay) {
      this.isUnderWay = true;
      this.options.onUnderWay();
    }
    // Said once: a screen reader would read every number out.
    if (!this.isPaused && !this.status.textContent?.startsWith('Training')) this.status.textContent = 'Training.';
    this.curve.add(losses);
    this.redraw();
    this.last = progress;
    this.course.step(progress.step, this.stepsOf());
    this.showNumbers(progress);
  }

  private showNumbers({ sent, received }: Pick<Progress, 'sent' | 'received'>): void {
    if (!this.last) return;
    const { step, losses, samples, samplesPerSecond, client } = this.last;
    showFacts(element('numbers', HTMLDListElement), [
      ['Step', whole(step)],
      ['Loss (falls as it learns)', losses.at(-1)?.toFixed(4) ?? '-'],
      ['Samples', whole(samples)],
      ['Samples a second', whole(samplesPerSecond)],
      ['Sent', bytesText(sent)],
      ['Received', bytesText(received)],
      ['Your place', `client ${client}`],
    ]);
  }
}

function ending({ steps, samples, testAccuracy, sent, received }: RunOutcome): string {
  const accuracy =
    testAccuracy === null ? '' : ` The model is right in ${(100 * testAccuracy).toFixed(2)} % of the tests.`;
  return `The run is over: ${whole(steps)} steps, ${whole(samples)} samples of all clients.${accuracy} Your part: ${bytesText(sent)} sent, ${bytesText(received)} received.`;
}
