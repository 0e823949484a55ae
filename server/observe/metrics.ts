import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RunEvent } from '../../shared/events.js';
import type { MessageName } from '../../shared/protocol/messages.js';
import type { TrafficSink } from './link-traffic.js';
import type { Readiness } from './readiness.js';

/** Powers of ten and what lies halfway. */
const NORMS = [-3, -2, -1, 0, 1, 2, 3, 4].flatMap((power) => [10 ** power, 3 * 10 ** power]);
const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The metrics of a server and its run, fed by the run's events. docs/operations.md explains each; a test holds it to that. */
export class Metrics implements TrafficSink {
  readonly registry = new Registry();
  private readonly registers = [this.registry];
  /** Clients in the run, as one may leave before it has joined. */
  private readonly here = new Set<number>();
  private readonly steps = this.counter('tandem_steps_total', 'training steps applied');
  private readonly samples = this.counter('tandem_samples_total', 'training samples seen, repeats counted');
  private readonly loss = this.gauge('tandem_loss', 'the loss of the last step');
  private readonly round = this.gauge('tandem_round', 'the round under way, from 0');
  private readonly planned = this.gauge('tandem_planned_steps', 'the steps of the run, as far as is known');
  private readonly aggregations = this.counter('tandem_aggregations_total', 'rounds aggregated');
  private readonly clients = this.gauge('tandem_clients', 'clients in the run now');
  private readonly departures = this.counter('tandem_departures_total', 'clients that left before the end');
  private readonly lost = this.counter('tandem_lost_clients_total', 'of these, clients lost for an error', 'code');
  private readonly links = this.gauge('tandem_links', 'open links');
  private readonly linksOpened = this.counter('tandem_links_opened_total', 'links opened');
  private readonly refusals = this.counter('tandem_refusals_total', 'refusals, at the door and in sessions', 'code');
  private readonly entries = this.counter('tandem_entries_total', 'links let in with a ticket', 'role');
  private readonly tickets = this.counter('tandem_tickets_total', 'tickets issued', 'role');
  private readonly enrolments = this.counter('tandem_enrolments_total', 'keys enrolled with an invite');
  private readonly strikeouts = this.counter('tandem_strikeouts_total', 'times an address was shut out for a while');
  private readonly modelsTaken = this.counter('tandem_models_taken_total', 'times the merged model was given away');
  private readonly cuts = this.counter('tandem_cuts_total', 'links cut because their holder was revoked');
  private readonly bytes = this.counter('tandem_bytes_total', 'bytes of messages', 'direction');
  private readonly messages = this.counter('tandem_messages_total', 'messages', 'direction', 'message');
  private readonly answers = new Histogram({
    name: 'tandem_answer_seconds',
    help: 'from a message of a client to the answer',
    labelNames: ['message'],
    buckets: LATENCY_SECONDS,
    registers: this.registers,
  });

  private readonly gradients = new Histogram({
    name: 'tandem_gradient_norm',
    help: "the norm of the gradient of the server's weights, step by step",
    buckets: NORMS,
    registers: this.registers,
  });

  private readonly absences = new Histogram({
    name: 'tandem_away_seconds',
    help: 'from a cut gradient sent to the next step of the same client',
    buckets: LATENCY_SECONDS,
    registers: this.registers,
  });

  constructor({ readiness, waitingBytes }: { readiness: Readiness; waitingBytes: () => number }) {
    this.measured('tandem_ready', 'whether /readyz says yes', () => Number(readiness.ready));
    this.measured('tandem_waiting_bytes', 'bytes of incomplete messages and of replies not taken', waitingBytes);
    this.measured('process_resident_memory_bytes', 'memory of the process', () => process.memoryUsage.rss());
    this.measured('process_uptime_seconds', 'since the process started', () => process.uptime());
    this.registry.registerMetric(
      new Counter({
        name: 'process_cpu_seconds_total',
        help: 'processor time of the process',
        registers: [],
        collect() {
          const { user, system } = process.cpuUsage();
          this.reset();
          this.inc((user + system) / 1e6);
        },
      }),
    );
  }

  /** As Prometheus reads it. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  message(direction: 'in' | 'out', message: MessageName | 'unknown', bytes: number): void {
    this.bytes.inc({ direction }, bytes);
    this.messages.inc({ direction, message });
  }

  answered(message: MessageName, seconds: number): void {
    this.answers.observe({ message }, seconds);
  }

  away(seconds: number): void {
    this.absences.observe(seconds);
  }

  readonly onEvent = (event: RunEvent): void => {
    switch (event.kind) {
      case 'client-joined':
        this.here.add(event.client);
        this.clients.set(this.here.size);
        break;
      case 'client-left':
        this.here.delete(event.client);
        this.clients.set(this.here.size);
        this.departures.inc();
        if (event.code !== null) this.lost.inc({ code: event.code });
        break;
      case 'refused':
        this.refusals.inc({ code: event.code });
        break;
      case 'round-started':
        this.round.set(event.round);
        this.planned.set(event.planned);
        break;
      case 'step':
        this.steps.inc();
        this.samples.inc(event.samples);
        this.loss.set(event.loss);
        if (event.gradientNorm !== undefined) this.gradients.observe(event.gradientNorm);
        break;
      case 'aggregated':
        this.aggregations.inc();
        break;
      case 'access':
        this.access(event);
        break;
      default:
        break;
    }
  };

  private access({ what, code, role }: RunEvent & { kind: 'access' }): void {
    switch (what) {
      case 'link-opened':
        this.links.inc();
        this.linksOpened.inc();
        break;
      case 'link-closed':
        this.links.dec();
        break;
      case 'admitted':
        this.entries.inc({ role: role ?? '' });
        break;
      case 'refused':
        this.refusals.inc({ code: code ?? '' });
        break;
      case 'struck-out':
        this.strikeouts.inc();
        break;
      case 'ticket-issued':
        this.tickets.inc({ role: role ?? '' });
        break;
      case 'key-enrolled':
        this.enrolments.inc();
        break;
      case 'cut':
        this.cuts.inc();
        break;
      case 'model-taken':
        this.modelsTaken.inc();
        break;
    }
  }

  private counter<L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: this.registers });
  }

  private gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: this.registers });
  }

  private measured(name: string, help: string, measure: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: this.registers,
      collect() {
        gauge.set(measure());
      },
    });
  }
}
