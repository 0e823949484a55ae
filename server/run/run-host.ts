import { clientsInRound, resolveAggregation } from '../../shared/aggregation.js';
import { watchRule } from '../../shared/config.js';
import { crashPoint } from '../../shared/crash-point.js';
import { asTandemError, type TandemError } from '../../shared/errors.js';
import type { Departure, RunEvent } from '../../shared/events.js';
import { buildPlaced, type PlacedModel } from '../../shared/model/build.js';
import { judging } from '../../shared/model/judging.js';
import { plainLine } from '../../shared/plain-line.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Transport } from '../../shared/transport/transport.js';
import { Members } from '../session/members.js';
import type { Party, PartyHandlers } from '../session/party.js';
import type { StepRequest } from '../session/session-state.js';
import type { Sessions } from '../session/sessions.js';
import { letIn, placeAmong, welcome } from './admission.js';
import { Bottoms, type BottomContents } from './bottoms.js';
import { ClientParts } from './client-parts.js';
import { Checkpoints, loadRun, type CheckpointHost } from './checkpoints.js';
import { Deadline } from './deadline.js';
import { errorOf, goneOnWith } from './failure.js';
import { RunEnd, type EndingHost } from './run-end.js';
import { Evaluations } from './evaluations.js';
import { Lanes } from './lanes.js';
import { lossOf } from './lost-clients.js';
import { decidedByArrival, OrderLog } from './order-log.js';
import { MergeTrial } from './merge-trial.js';
import { Places } from './places.js';
import type { RunHostOptions } from './run-host-options.js';
import { advanceRun, isAwaited } from './run-reducer.js';
import { initialRun, laneOf, type RunInput } from './run-state.js';
import { RunEffects } from './run-effects.js';
import { SharedSegments } from './shared-segments.js';
import { Steps, type StepHost } from './steps.js';
import { Stopwatch } from './stopwatch.js';
import { restoreRun } from './run-record.js';
import { resumedEvent } from './resumed-event.js';
import { putBack, takeSnapshot, type RunSnapshot } from './run-snapshot.js';
import type { RunResult } from './summarise.js';
import { tellModels } from './told-models.js';
import { WorkQueue } from './work-queue.js';

/** The shell around a run: parties in, reducer asked, lanes, bottoms and links told. */
export class RunHost implements PartyHandlers, CheckpointHost, EndingHost {
  /** The largest message a client of this run has reason to send. */
  readonly maxMessageBytes: number;
  readonly maxQueryBytes: number;
  id: string = crypto.randomUUID();
  readonly members: Members;
  readonly places = new Places();
  readonly evaluations: Evaluations;
  readonly bottoms: Bottoms;
  readonly parts: ClientParts;
  readonly shared: SharedSegments;
  readonly steps: Steps;
  run;
  private readonly effects = new RunEffects(this);
  /** What clients that only infer were given last. */
  private readonly shown = new WeakMap<Party, BottomContents>();
  training = new Stopwatch();
  readonly work = new WorkQueue({
    isDue: () => this.checkpoints?.isDue ?? false,
    take: () => this.checkpoints?.take() ?? Promise.resolve(),
  });
  readonly checkpoints: Checkpoints | undefined;
  readonly deadline: Deadline;
  private readonly end: RunEnd;

  private constructor(
    private readonly options: RunHostOptions,
    placed: PlacedModel,
    readonly lanes: Lanes,
  ) {
    const { task, settings } = options;
    const { schedule } = settings;
    const aggregation = resolveAggregation(settings.aggregation, clientsInRound(settings));
    this.parts = new ClientParts(task, placed, settings);
    ({ maxMessageBytes: this.maxMessageBytes, maxQueryBytes: this.maxQueryBytes } = this.parts);
    this.members = new Members(options, this.places, this, this.parts.usual.rules);
    // In its turn: whoever has said something before is not silent.
    const passed = () => void this.work.takeIn(null, () => this.advance({ kind: 'deadline-passed' }));
    this.deadline = new Deadline(options.clock, passed);
    const { most, usual, further } = this.parts;
    this.bottoms = new Bottoms(most.parts, usual.parts.length, schedule, aggregation, most.weights, further);
    this.shared = new SharedSegments(this.bottoms, lanes, usual.parts.length, MergeTrial.of(options, placed, further));
    const { kind, said } = judging(task, placed.cut, placed.placement.loss);
    this.emit(said);
    const areReports = placed.placement.loss === 'client';
    this.evaluations = new Evaluations(task, { kind, areReports }, lanes, this.bottoms, this.places, {
      onLane: this.onLane,
      isEvaluating: (client) => this.run.evaluating.has(client),
      predicted: (client) => this.advance({ kind: 'predicted', client }),
      emit: (event) => this.emit(event),
      tellModel: tellModels(options, placed),
    });
    this.steps = new Steps(lanes, placed.placement.loss, {
      onLane: this.onLane,
      advance: (input) => this.advance(input),
      stepped: (client, samples, loss, gradientNorm) =>
        this.emit({ kind: 'step', step: this.run.steps, client, loss, samples, gradientNorm }),
    });
    this.run = initialRun({ ...settings, watch: watchRule(task, settings) });
    this.end = new RunEnd(this, options, placed);
    if (options.checkpoints) {
      const order = decidedByArrival(schedule)
        ? new OrderLog(options.checkpoints.store, this, options.checkpoints)
        : undefined;
      this.checkpoints = new Checkpoints(options.checkpoints, this, order);
    }
  }

  get finished(): Promise<RunResult> {
    return this.end.result;
  }

  /** Builds and cuts the task's model and readies the lane. Throws BAD_CUT and the like before anything listens. */
  static async create(options: RunHostOptions): Promise<RunHost> {
    const { task, settings, engine } = options;
    const placed = await buildPlaced(task, settings);
    const aggregation = resolveAggregation(settings.aggregation, clientsInRound(settings));
    const segments = { ...settings, task, cut: placed.cut, held: placed.placement.server, engine, aggregation };
    const lanes = await Lanes.create(settings.schedule, settings.clients, segments);
    const host = new RunHost(options, placed, lanes);
    const snapshot = options.checkpoints && (await loadRun(options.checkpoints.store));
    if (snapshot) await host.goOn(snapshot as RunSnapshot);
    return host;
  }

  /** Takes a client's link; resolves when the client is gone. */
  accept(transport: Transport): Promise<void> {
    return this.members.accept(transport);
  }

  close(error: TandemError): void {
    this.end.close(error);
  }

  drain(seconds: number, address: string | null): Promise<void> {
    return this.end.drain(seconds, address);
  }

  admit(party: Party, hello: Message<'hello'>): void {
    const refusal = this.options.turnsAway?.(hello);
    if (refusal) return party.refuse(refusal);
    const { task, settings } = this.options;
    try {
      party.holding = this.parts.holding(hello, this.run.phase === 'gathering' || this.shared.mixed);
      party.client = hello.role === 'train' ? placeAmong(hello, this.run, this.places) : null;
    } catch (error) {
      return party.refuse(asTandemError(error));
    }
    const { client, holding } = party;
    if (holding.entry > 0) this.shared.mix();
    const grace = hello.resumes && client !== null ? this.sessions.graceSeconds : 0;
    const message = welcome(this.id, task.name, settings, client ?? 0, grace, hello);
    letIn(party, message, hello.role, this.parts.given(holding), this.sessions, this.checkpoints && 0);
    // The client may have left before its welcome; it would be waited for without end.
    if (party.phase === 'closed') return;
    if (client === null) return this.show(party);
    party.engine = plainLine(hello.engine);
    this.places.take(client, party);
    this.bottoms.arrive(client);
  }

  ready(party: Party, { samples, testSamples, software = null, ...named }: Message<'ready'>): void {
    const client = party.client ?? -1;
    party.attempt(() => this.parts.names.agree(client, named));
    if (party.phase === 'closed') return;
    this.emit({ kind: 'client-joined', client, samples, engine: party.engine, software });
    this.advance({ kind: 'joined', client, samples, testSamples });
  }

  step(party: Party, message: StepRequest, rows: number): void {
    party.waiting = { message, rows };
    this.advance({ kind: 'step-arrived', client: party.client ?? -1 });
  }

  gradient(party: Party, message: Message<'topGradient'>): void {
    if (party.halfDone) party.halfDone = { ...party.halfDone, gradient: message };
    this.advance({ kind: 'gradient-arrived', client: party.client ?? -1 });
  }

  bottom(party: Party, message: Message<'bottom'>): void {
    try {
      const { client, turnSamples } = party;
      if (client !== null && isAwaited(this.run, client))
        this.bottoms.upload(client, message, turnSamples, party.holding);
    } catch (error) {
      return party.refuse(asTandemError(error));
    }
    this.advance({ kind: 'bottom-uploaded', client: party.client ?? -1 });
  }

  query(party: Party, message: Message<'query'>): void {
    if (party.client !== null)
      this.advance({ kind: 'queried', client: party.client, samples: message.tensors[0]?.shape[0] ?? 0 });
    // Its query came from bottoms that are not those of the top any more.
    else if (this.shown.get(party) !== this.bottoms.contents) return this.show(party);
    this.evaluations.query(party, message);
  }

  /** Gives a client that only infers the bottoms as they were last averaged. */
  private show(party: Party): void {
    this.shown.set(party, this.bottoms.contents);
    party.dispatch({ kind: 'weights', message: this.bottoms.message(this.run.round, party.holding) });
  }

  evaluated(party: Party, message: Message<'evaluated'>): void {
    this.evaluations.report(party, message);
    this.advance({ kind: 'evaluated', client: party.client ?? -1 });
  }

  refused(party: Party, { code, message }: TandemError): void {
    this.emit({ kind: 'refused', client: party.client, code, reason: message });
  }

  left(party: Party, why: Departure): void {
    this.members.remove(party);
    const { client } = party;
    if (client === null || this.run.phase === 'finished') return;
    if (this.run.phase === 'gathering') [this.places, this.parts.names].forEach((kept) => kept.forget(client));
    this.emit({ kind: 'client-left', client, ...why });
    // Whom a server that stops sends away has not left the run.
    if (this.end.over) return;
    this.advance({ kind: 'left', client, loss: lossOf(client, why, party.steps) });
    this.steps.left(party, client);
  }

  takeIn({ client }: Party, intake: () => void): Promise<void> {
    return this.work.takeIn(laneOf(this.run, client), () => {
      crashPoint('server.take-in');
      intake();
    });
  }

  snapshot(): Promise<RunSnapshot> {
    const { id, run, options, training } = this;
    const { task, settings } = options;
    const about = { id, run, task: task.name, settings, seconds: training.seconds, parties: this.members.snapshot() };
    return takeSnapshot(this, about);
  }

  failed(error: TandemError): void {
    this.advance({ kind: 'failed', error });
  }

  /** Goes on from a checkpoint, with clients that are expected back. */
  private async goOn(written: RunSnapshot): Promise<void> {
    const snapshot = goneOnWith(written);
    await putBack(this, snapshot, this.options);
    this.id = snapshot.id;
    const replay = (await this.checkpoints?.order?.goOn(snapshot)) ?? [];
    this.run = restoreRun(this.run.settings, snapshot.run, replay);
    this.training = new Stopwatch(snapshot.seconds);
    const restored = this.members.restore(snapshot.parties);
    if (restored.some(({ holding }) => holding.entry > 0)) this.shared.mix();
    this.emit(resumedEvent(this.run, this.places.accounts));
    if (this.run.phase === 'training') this.training.start();
    this.advance({ kind: 'resumed' });
    if (this.run.failure) this.finish(errorOf(this.run.failure));
    else if (this.run.phase === 'finished') await this.end.conclude();
  }

  get sessions(): Sessions {
    return this.members.sessions;
  }

  /** A fault of the course is the run's own, and not held against whoever happened to speak. */
  advance(input: RunInput): void {
    const [gathering, isLeave] = [this.run.phase === 'gathering', input.kind === 'left'];
    try {
      const effects = advanceRun(this.run, input);
      // Who came when, and who left when, cannot be computed again.
      if ((isLeave && !gathering) || (input.kind === 'joined' && this.run.phase !== 'gathering'))
        void this.checkpoints?.commit();
      effects.forEach((effect) => this.effects.perform(effect));
    } catch (error) {
      if (input.kind === 'failed') throw error;
      this.failed(asTandemError(error));
    }
  }

  finish(error: TandemError | null): void {
    this.deadline.cancel();
    if (error) void this.end.fail(error);
    else this.whenFree(() => this.end.announce());
  }

  /** While no lane works; an error there ends the run. */
  whenFree(work: () => Promise<void>): void {
    this.work.add(null, work, (refusal) => this.failed(refusal));
  }

  /** One thing at a time on a client's lane; an error there costs the party that caused it, no other. */
  private readonly onLane: StepHost['onLane'] = (client, work, party) => {
    this.work.add(laneOf(this.run, client), work, (refusal) => (party ? party.refuse(refusal) : this.failed(refusal)));
  };

  emit(event: RunEvent): void {
    this.options.onEvent?.(event);
  }
}
