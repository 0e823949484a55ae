import { MultiBar, type SingleBar } from 'cli-progress';
import type { Logger } from 'pino';
import { sayDeparture, type EvaluationPoint, type RunEvent } from '../shared/events.js';
import { sayMeasuring } from '../shared/metrics/measuring.js';
import { TestTimer, testLine } from '../shared/test-progress.js';
import { changeLine } from './change-line.js';
import { logAccess } from './log-access.js';
import { createLog } from './log.js';
import { sparkline } from './sparkline.js';

/** Weight of the newest loss in the running mean that is shown. */
const SMOOTHING = 0.05;
const SPARK_WIDTH = 24;
/** A test over a slow link takes minutes. */
const TEST_LINE_EVERY_MS = 5_000;
const MAX_CURVE_POINTS = 20 * SPARK_WIDTH;

export interface RunProgressOptions {
  /** Structured log lines instead of sentences. */
  readonly jsonLog: boolean;
  /** Steps between two progress lines where there is no terminal, as a share of all. */
  readonly lineEvery?: number;
}

/** Shows a run on stderr: a bar with the live loss on a terminal, a line now and then elsewhere. */
export class RunProgress {
  /** Its lines name the run once it is known. */
  log: Logger;
  private readonly bars: MultiBar | undefined;
  private readonly lineEvery: number;
  private training: SingleBar | undefined;
  private evaluation: SingleBar | undefined;
  private losses: number[] = [];
  /** Steps between two points of the curve; doubled when the curve grows long. */
  private stride = 1;
  private loss = NaN;
  private samples = 0;
  private planned = 0;
  private nextLine = 0;
  private rowMatching: SingleBar | undefined;
  private nextMatchingLine = 0;
  private startedMs = performance.now();
  private readonly testTimer = new TestTimer();
  private nextTestLineMs = 0;

  constructor({ jsonLog, lineEvery = 0.1 }: RunProgressOptions) {
    this.lineEvery = lineEvery;
    if (process.stderr.isTTY && !jsonLog) {
      const format = '{stage} {bar} {value}/{total}  {info}';
      this.bars = new MultiBar({
        format,
        stream: process.stderr,
        hideCursor: true,
        barsize: barWidth(),
        clearOnComplete: false,
      });
    }
    // Where no bar is drawn, bars would keep a line until there is one.
    const write = (line: string) => (this.bars?.isActive ? this.bars.log(line) : process.stderr.write(line));
    this.log = createLog({ json: jsonLog, write });
  }

  readonly onEvent = (event: RunEvent): void => {
    switch (event.kind) {
      case 'client-joined':
        this.log.info(
          { client: event.client },
          `client ${event.client} joined with ${event.samples.toLocaleString('en')} samples, ${[event.engine, event.software].filter(Boolean).join(', ')}`,
        );
        break;
      case 'client-left':
        this.log.warn(
          { client: event.client, ...(event.code ? { code: event.code } : {}) },
          `client ${event.client} ${sayDeparture(event)}`,
        );
        break;
      case 'link':
        this.log.warn({ client: event.client }, changeLine(event.client, event.change));
        break;
      case 'refused':
        this.log.warn({ client: event.client, code: event.code }, `refused ${who(event.client)}: ${event.reason}`);
        break;
      case 'access':
        logAccess(this.log, event);
        break;
      case 'matching':
        this.matching(event.done, event.total);
        break;
      case 'matched':
        this.log.info({ rows: event.rows }, `all parties have ${event.rows.toLocaleString('en')} rows in common`);
        break;
      case 'predicted':
        this.predicted(event.rows, event.of);
        break;
      case 'resumed':
        this.log.info({ step: event.steps }, `going on from step ${event.steps} of ${event.planned}`);
        this.start(event.planned);
        break;
      case 'measuring':
        this.log.info({ metrics: event.metrics }, sayMeasuring(event.metrics));
        break;
      case 'round-started':
        this.start(event.planned);
        break;
      case 'step':
        this.step(event.step, event.loss, event.samples);
        break;
      case 'mended':
        this.log.warn({ client: event.client, round: event.round }, `client ${event.client}: ${event.what}`);
        break;
      case 'aggregated':
        break;
      case 'pool':
        this.log.info(
          `learned from what clients sent, ${event.epoch} of ${event.epochs} times; loss ${event.loss.toFixed(4)}`,
        );
        break;
      case 'evaluating':
        this.dropEvaluation();
        this.evaluation = this.bars?.create(event.samples, 0, { stage: 'testing ', info: '' });
        this.testTimer.begin(event.samples);
        this.nextTestLineMs = performance.now() + TEST_LINE_EVERY_MS;
        if (!this.bars) this.log.info(`testing on ${event.samples.toLocaleString('en')} samples`);
        break;
      case 'evaluated':
        this.tested(event.samples);
        break;
      case 'scored':
        this.scored(event.evaluation);
        break;
    }
  };

  ofRun(run: string): void {
    this.log = this.log.child({ run });
  }

  stop(): void {
    this.bars?.stop();
  }

  /** One line an evaluation, above the bars; only the last one keeps its bar. */
  private scored({ round, steps, testLoss, metrics }: EvaluationPoint): void {
    const numbers = Object.entries(metrics).filter(([, value]) => typeof value === 'number');
    const values = numbers.map(([name, value]) => `, ${name} ${(value as number).toFixed(4)}`);
    const text = `after round ${round}: test loss ${testLoss?.toFixed(4) ?? '-'}${values.join('')}`;
    this.log.info({ round, step: steps, testLoss, metrics }, text);
  }

  /** With the curve of the loss before it, as far as the terminal has room. */
  private sparked(info: string): string {
    const counts = `${this.planned}/${this.planned}`.length;
    const others = 'training '.length + barWidth() + 1 + counts + 2 + 1 + info.length;
    const room = Math.min(SPARK_WIDTH, process.stderr.columns - others);
    return room < 4 ? info : `${sparkline(this.losses, room)} ${info}`;
  }

  private matching(done: number, total: number): void {
    this.rowMatching ??= this.bars?.create(total, 0, { stage: 'matching', info: 'ids of all parties, blinded' });
    this.rowMatching?.update(done);
    if (this.bars || done < this.nextMatchingLine) return;
    this.nextMatchingLine = done + total * this.lineEvery;
    this.log.info({ done, total }, `matching rows by id: ${Math.round((100 * done) / total)} % of the ids are blinded`);
  }

  private predicted(rows: number, of: number): void {
    const text = `predicted ${rows.toLocaleString('en')} of ${of.toLocaleString('en')} rows to the active party`;
    if (rows === of) this.log.info({ rows }, text);
    else this.log.warn({ rows }, `${text}: not all parties were there to the end`);
  }

  private tested(samples: number): void {
    const progress = this.testTimer.add(samples);
    const { secondsLeft } = progress;
    this.evaluation?.increment(samples, { info: secondsLeft === null ? '' : `${Math.ceil(secondsLeft)} s left` });
    if (this.bars || performance.now() < this.nextTestLineMs) return;
    this.nextTestLineMs = performance.now() + TEST_LINE_EVERY_MS;
    this.log.info(testLine(progress));
  }

  private dropEvaluation(): void {
    if (this.evaluation) this.bars?.remove(this.evaluation);
  }

  private start(planned: number): void {
    if (this.planned === 0) {
      this.startedMs = performance.now();
      this.training = this.bars?.create(planned, 0, { stage: 'training', info: '' });
    }
    this.planned = planned;
    this.training?.setTotal(planned);
  }

  private step(step: number, loss: number, samples: number): void {
    this.samples += samples;
    this.loss = Number.isNaN(this.loss) ? loss : this.loss + SMOOTHING * (loss - this.loss);
    if (step % this.stride === 0) this.losses.push(this.loss);
    if (this.losses.length > MAX_CURVE_POINTS) {
      this.losses = this.losses.filter((_, i) => i % 2 === 1);
      this.stride *= 2;
    }
    const rate = this.samples / ((performance.now() - this.startedMs) / 1000);
    const info = `loss ${this.loss.toFixed(4)}  ${Math.round(rate).toLocaleString('en')} samples/s`;
    this.training?.update(step, { info: this.sparked(info) });
    if (this.bars || step < this.nextLine) return;
    this.nextLine = step + this.planned * this.lineEvery;
    this.log.info({ step }, `step ${step}/${this.planned}  ${info}`);
  }
}

/** On a narrow terminal the curve has more of the room. */
function barWidth(): number {
  return process.stderr.columns < 100 ? 16 : 30;
}

function who(client: number | null): string {
  return client === null ? 'a client' : `client ${client}`;
}
