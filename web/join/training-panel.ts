import type { TabClient } from '../../client/browser/tab-client.js';
import type { Progress, RunAddress } from '../../client/browser/worker/calls.js';
import type { RunOutcome } from '../../client/participate.js';
import { drawCurve, LossCurve } from './curve.js';
import { bytesText, element, showFacts, whole } from './elements.js';
import { sentenceFor } from './sentences.js';

/** Start, pause and leave, and how far it is. */
export class TrainingPanel {
  private readonly start = element('start', HTMLButtonElement);
  private readonly pause = element('pause', HTMLButtonElement);
  private readonly leave = element('leave', HTMLButtonElement);
  private readonly status = element('train-status', HTMLParagraphElement);
  private readonly canvas = element('curve', HTMLCanvasElement);
  private readonly curve = new LossCurve();
  private isPaused = false;
  private frame = 0;

  constructor(
    private readonly tab: TabClient,
    private readonly address: RunAddress,
    private readonly onEnd: (outcome: RunOutcome) => void,
    private readonly onBegin: () => void,
  ) {
    this.start.addEventListener('click', () => void this.train());
    this.pause.addEventListener('click', () => this.toggle());
    this.leave.addEventListener('click', () => void this.tab.leave());
    addEventListener('resize', () => this.redraw());
  }

  /** Whether the person has agreed to what is sent. */
  allow(isAllowed: boolean): void {
    this.start.disabled = !isAllowed;
  }

  redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => drawCurve(this.canvas, this.curve.points));
  }

  private async train(): Promise<void> {
    this.start.disabled = true;
    this.onBegin();
    this.pause.disabled = this.leave.disabled = false;
    this.status.textContent = 'You are in. Training begins when all the clients of the run are there.';
    try {
      const outcome = await this.tab.train(this.address, (progress) => this.show(progress));
      this.status.textContent = ending(outcome);
      this.onEnd(outcome);
    } catch (error) {
      this.status.textContent = sentenceFor(error);
      this.start.disabled = false;
    } finally {
      this.pause.disabled = this.leave.disabled = true;
    }
  }

  private toggle(): void {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute('aria-pressed', `${this.isPaused}`);
    this.pause.textContent = this.isPaused ? 'Go on' : 'Pause';
    this.status.textContent = this.isPaused ? 'Paused. Others of the run may have to wait.' : 'Training.';
    void this.tab.pause(this.isPaused);
  }

  private show({ step, losses, samples, samplesPerSecond, bytes, client }: Progress): void {
    // Said once: a screen reader would read every number out.
    if (!this.isPaused && !this.status.textContent?.startsWith('Training')) this.status.textContent = 'Training.';
    this.curve.add(losses);
    this.redraw();
    showFacts(element('numbers', HTMLDListElement), [
      ['Step', whole(step)],
      ['Loss', losses.at(-1)?.toFixed(4) ?? '-'],
      ['Samples', whole(samples)],
      ['Samples a second', whole(samplesPerSecond)],
      ['Sent', bytesText(bytes.up)],
      ['Received', bytesText(bytes.down)],
      ['Your place', `client ${client}`],
    ]);
  }
}

function ending({ steps, samples, testAccuracy, bytes }: RunOutcome): string {
  const accuracy =
    testAccuracy === null ? '' : ` The model is right in ${(100 * testAccuracy).toFixed(2)} % of the tests.`;
  return `The run is over: ${whole(steps)} steps, ${whole(samples)} samples of all clients.${accuracy} Your part: ${bytesText(bytes.total)} over the network.`;
}
