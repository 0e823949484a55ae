import type { DashboardInput } from '../../shared/dashboard/reduce.js';
import { reduceDashboard } from '../../shared/dashboard/reduce.js';
import { initialDashboard, type DashboardState, type RunFacts } from '../../shared/dashboard/state.js';
import { asTandemError } from '../../shared/errors.js';
import type { RunEvent, RunSummary } from '../../shared/events.js';
import type { DashboardHistory } from './history.js';
import { TrafficMeter } from './traffic-meter.js';
import { Watchers } from './watchers.js';

/** The time between two messages to watchers. */
const TURN_MS = 250;
const TURNS_PER_READING = 4;
const TURNS_PER_WRITING = 20;

/** Collects a run's events and shows them to watchers. It never makes the run wait. */
export class Dashboard {
  readonly traffic: TrafficMeter;
  readonly watchers = new Watchers();
  private turns = 0;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private shown: DashboardState,
    private readonly now: () => number,
    private readonly history?: DashboardHistory,
  ) {
    this.traffic = new TrafficMeter(shown.traffic);
  }

  /** Starts, with the history of this run if there is one. */
  static async start(facts: RunFacts, history?: DashboardHistory, now: () => number = Date.now): Promise<Dashboard> {
    const before = await history?.load(facts.run);
    const dashboard = new Dashboard(before ? { ...before, facts } : initialDashboard(facts, now()), now, history);
    dashboard.timer = setInterval(() => dashboard.turn(), TURN_MS).unref();
    return dashboard;
  }

  get state(): DashboardState {
    return this.shown;
  }

  readonly onEvent = (event: RunEvent): void => {
    if (event.kind === 'step') this.traffic.trained(event.samples);
    this.take({ kind: 'event', at: this.now(), event });
  };

  /** Shows how the run ends, at once: its server may close next. */
  async follow(finished: Promise<{ readonly summary: RunSummary }>): Promise<void> {
    try {
      const { summary } = await finished;
      this.take({ kind: 'finished', at: this.now(), summary });
    } catch (error) {
      const { code, message } = asTandemError(error);
      this.take({ kind: 'failed', at: this.now(), code, reason: message });
    }
    this.watchers.tellAll(this.shown);
  }

  /** A quarter of a second has passed. */
  turn(): void {
    if (this.turns++ % TURNS_PER_READING === 0) {
      const at = this.now();
      this.take({ kind: 'measured', at, traffic: this.traffic.read(at) });
    }
    if (this.turns % TURNS_PER_WRITING === 0) void this.history?.save(this.shown);
    this.watchers.tellAll(this.shown);
  }

  /** Closes the links of all watchers, within half a second. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([this.watchers.close(), this.history?.save(this.shown)]);
  }

  private take(input: DashboardInput): void {
    this.shown = reduceDashboard(this.shown, input);
  }
}
