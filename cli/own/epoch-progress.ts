import type { Logger } from 'pino';
import { sayDeparture, type EvaluationPoint, type RunEvent } from '../../shared/events.js';
import { changeLine } from '../change-line.js';
import { createLog } from '../log.js';

const BAR = 20;
const WIDTH = 80;
const EVERY_MS = 100;
/** Weight of the newest loss in the mean that is shown. */
const SMOOTHING = 0.05;

export interface EpochProgressOptions {
  readonly jsonLog: boolean;
  /** Infinity where only steps end the run. */
  readonly epochs: number;
  /** The figures of a test, for people. */
  readonly say: (evaluation: EvaluationPoint) => string;
  readonly stream?: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;
  readonly now?: () => number;
}

/** Shows a run on stderr: on a terminal one line that moves and one that stays for each epoch, elsewhere only those that stay. */
export class EpochProgress {
  readonly log: Logger;
  private readonly stream;
  private readonly now;
  private planned = 0;
  private steps = 0;
  private epochStart = 0;
  private epochMs = 0;
  private epochSamples = 0;
  private loss = NaN;
  private testing = 0;
  /** When this epoch's training was over; 0 while it goes on. */
  private trainedMs = 0;
  private tested = 0;
  private drawnMs = 0;
  private hasLine = false;

  constructor(private readonly options: EpochProgressOptions) {
    this.stream = options.stream ?? process.stderr;
    this.now = options.now ?? (() => performance.now());
    this.log = createLog({ json: options.jsonLog, write: (line) => this.above(line) });
  }

  readonly onEvent = (event: RunEvent): void => {
    switch (event.kind) {
      case 'round-started':
        this.planned = event.planned;
        this.beginEpoch();
        break;
      case 'resumed':
        this.say(`going on from step ${event.steps} of ${event.planned}`, { step: event.steps });
        [this.planned, this.steps] = [event.planned, event.steps];
        this.beginEpoch();
        break;
      case 'step':
        this.steps = event.step;
        this.epochSamples += event.samples;
        this.loss = Number.isNaN(this.loss) ? event.loss : this.loss + SMOOTHING * (event.loss - this.loss);
        this.draw();
        break;
      case 'evaluating':
        [this.testing, this.tested, this.trainedMs] = [event.samples, 0, this.now()];
        break;
      case 'evaluated':
        this.tested += event.samples;
        this.draw();
        break;
      case 'scored':
        this.scored(event.evaluation);
        break;
      case 'client-left':
        this.log.warn({ client: event.client }, `client ${event.client} ${sayDeparture(event)}`);
        break;
      case 'mended':
        this.log.warn({ round: event.round }, event.what);
        break;
      case 'refused':
        this.log.warn({ client: event.client, code: event.code }, `refused a client: ${event.reason}`);
        break;
      case 'link':
        // After a crash all come back.
        if (event.change.what === 'back') break;
        this.log.warn({ client: event.client }, changeLine(event.client, event.change));
        break;
      default:
        // Of clients of this process nobody wants to hear that they have come.
        break;
    }
  };

  /** Takes the moving line away. */
  stop(): void {
    if (this.hasLine) this.stream.write('\r\x1b[K');
    this.hasLine = false;
  }

  private get moves(): boolean {
    return this.stream.isTTY && !this.options.jsonLog;
  }

  private beginEpoch(): void {
    [this.epochStart, this.epochSamples, this.testing, this.trainedMs] = [this.steps, 0, 0, 0];
    this.epochMs = this.now();
  }

  private draw(): void {
    if (!this.moves || this.now() - this.drawnMs < EVERY_MS) return;
    this.drawnMs = this.now();
    const total = this.testing || this.stepsAnEpoch;
    const done = this.testing ? this.tested : this.steps - this.epochStart;
    const filled = Math.min(BAR, Math.round((BAR * done) / Math.max(1, total)));
    const bar = `${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}`;
    const facts = this.testing
      ? 'testing'
      : `loss ${this.loss.toPrecision(3)}  ${this.rate}  ETA ${spanOf((this.planned - this.steps) * this.secondsAStep)}`;
    const line = `${this.title} ${bar} ${done}/${total}  ${facts}`;
    this.stream.write(`\r${line.slice(0, (this.stream.columns || 80) - 1)}\x1b[K`);
    this.hasLine = true;
  }

  private scored(evaluation: EvaluationPoint): void {
    const { round, steps, testLoss, metrics } = evaluation;
    const seconds = ((this.now() - this.epochMs) / 1000).toFixed(1);
    const loss = Number.isNaN(this.loss) ? '' : `loss ${this.loss.toPrecision(3)}  `;
    const facts = `${this.titleOf(round)}  ${loss}${this.options.say(evaluation)}`;
    const whole = `${facts}  ${this.rate}  ${seconds} s`;
    // Of what does not fit on a line, the speed is missed least.
    const text = whole.length <= WIDTH ? whole : `${facts}  ${seconds} s`;
    this.say(text, { round, step: steps, testLoss, metrics });
  }

  /** A line for people, or one with fields for programs. */
  say(text: string, fields: object = {}): void {
    if (this.options.jsonLog) this.log.info(fields, text);
    else this.above(`${text}\n`);
  }

  private get title(): string {
    return this.titleOf(Math.floor(this.epochStart / Math.max(1, this.stepsAnEpoch)) + 1);
  }

  private titleOf(round: number): string {
    const { epochs } = this.options;
    return Number.isFinite(epochs) ? `epoch ${round}/${epochs}` : `round ${round}`;
  }

  private get stepsAnEpoch(): number {
    const { epochs } = this.options;
    return Number.isFinite(epochs) ? Math.ceil(this.planned / epochs) : this.planned;
  }

  private get secondsAStep(): number {
    return (this.now() - this.epochMs) / 1000 / Math.max(1, this.steps - this.epochStart);
  }

  private get rate(): string {
    const seconds = ((this.trainedMs || this.now()) - this.epochMs) / 1000;
    const perSecond = this.epochSamples / Math.max(0.001, seconds);
    return `${Math.round(perSecond).toLocaleString('en')} rows/s`;
  }

  /** A line that stays, above the one that moves. */
  private above(line: string): void {
    this.stop();
    this.stream.write(line);
  }
}

function spanOf(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
