import { clientsInRound, resolveAggregation } from '../../shared/aggregation.js';
import { earlyStoppingRule } from '../../shared/config.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { buildPlaced, type PlacedModel } from '../../shared/model/build.js';
import { judging } from '../../shared/model/judging.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { ClientSession } from '../session/client-session.js';
import type { Pool } from '../pool/pool.js';
import { poolOf } from '../pool/pool-of.js';
import type { Heard } from '../session/session-state.js';
import { placeAmong, refuseToPredict, refuseWithout } from './admission.js';
import { Bottoms, type BottomContents } from './bottoms.js';
import { inChainOrder } from './client-part.js';
import { ClientParts } from './client-parts.js';
import type { Course, CourseHost, TrainedSegments } from './course.js';
import { Evaluations } from './evaluations.js';
import type { LaneQueue } from '../lane/lane.js';
import type { LaneRequest } from '../lane/lane-step.js';
import { Lanes } from '../lane/lanes.js';
import { MergeTrial } from './merge-trial.js';
import { decidedByArrival, OrderLog } from './order-log.js';
import { plannedSteps } from './plan-round.js';
import type { RunHostOptions } from './run-host-options.js';
import { snapshotRun, restoreRun } from './run-state-snapshot.js';
import { advanceRun, isAwaited, stoppedBy } from './run-reducer.js';
import { goneOnWith, type RowsSnapshot } from './run-snapshot.js';
import { initialRun, type RunEffect, type RunInput, type RunState } from './run-state.js';
import { RowQueries } from './row-queries.js';
import { SharedSegments } from './shared-segments.js';
import { StepReplies } from './step-replies.js';
import { partPlan } from './part-plan.js';

/** Queries of a client under way at once, so that an evaluation does not wait for the link's latency with each. */
const AHEAD = 16;

/** The course of a run whose clients have rows of their own: the shell of run-reducer.ts. */
export class RowsCourse implements Course {
  state: RunState;
  readonly maxMessageBytes: number;
  readonly maxQueryBytes: number;
  readonly rules;
  readonly plan;
  readonly evaluations: Evaluations<BottomContents>;
  readonly order: OrderLog | undefined;
  private readonly bottoms: Bottoms;
  private readonly parts: ClientParts;
  private readonly shared: SharedSegments;
  private readonly queries: RowQueries;
  private readonly replies: StepReplies;
  /** Where smashed data travel once. */
  private readonly pool: Pool | undefined;

  private constructor(
    private readonly host: CourseHost,
    options: RunHostOptions,
    private readonly placed: PlacedModel,
    readonly lanes: Lanes,
  ) {
    const { task, settings, checkpoints } = options;
    const { schedule } = settings;
    const aggregation = resolveAggregation(settings.aggregation, clientsInRound(settings));
    this.state = initialRun({ ...settings, earlyStopping: earlyStoppingRule(task, settings) });
    this.parts = new ClientParts(task, placed, settings);
    this.plan = partPlan(this.parts.usual, placed, settings);
    ({ maxMessageBytes: this.maxMessageBytes, maxQueryBytes: this.maxQueryBytes } = this.parts);
    const { most, usual, further } = this.parts;
    this.rules = usual.rules;
    this.bottoms = new Bottoms(most.parts, usual.parts.length, schedule, aggregation, most.weights, further);
    this.shared = new SharedSegments(this.bottoms, lanes, usual.parts.length, MergeTrial.of(options, placed, further));
    const { kind, said } = judging(task, placed.cut, placed.placement.loss);
    host.emit(said);
    const judged = { kind, areReports: placed.placement.loss === 'client' };
    const emit = host.emit.bind(host);
    this.evaluations = new Evaluations(task, judged, lanes, this.bottoms, host.places, emit);
    this.pool = poolOf(settings, usual.rules.contract, checkpoints?.store.rows);
    this.replies = new StepReplies(this, host, lanes, this.pool);
    this.queries = new RowQueries(this, lanes, this.bottoms, this.evaluations);
    if (checkpoints && decidedByArrival(schedule)) this.order = new OrderLog(checkpoints.store, host, checkpoints);
  }

  /** Builds and cuts the task's model and readies the lanes. Throws BAD_CUT and the like before anything listens. */
  static async prepare(options: RunHostOptions): Promise<(host: CourseHost) => RowsCourse> {
    const { task, settings, engine } = options;
    const placed = await buildPlaced(task, settings);
    const aggregation = resolveAggregation(settings.aggregation, clientsInRound(settings));
    const segments = { ...settings, task, cut: placed.cut, held: placed.placement.server, engine, aggregation };
    const lanes = await Lanes.create(settings.schedule, settings.clients, segments);
    return (host) => new RowsCourse(host, options, placed, lanes);
  }

  get planned(): number {
    return plannedSteps(this.state.settings, this.state.members.values());
  }

  get stopped() {
    return stoppedBy(this.state);
  }

  intakesOf(client: number | null): LaneQueue {
    return this.lanes.queueOf(client);
  }

  advance(input: RunInput): readonly RunEffect[] {
    return advanceRun(this.state, input);
  }

  /** Gives the reducer an event, and performs the effects. */
  tell(input: RunInput): void {
    for (const effect of advanceRun(this.state, input)) this.perform(effect);
  }

  perform(effect: RunEffect): void {
    const { places } = this.host;
    switch (effect.kind) {
      case 'begin-turn':
        return this.beginTurn(effect);
      case 'apply': {
        const session = places.of(effect.client);
        if (session) this.order?.note(effect.client, session.id);
        return this.takeStep(session, effect.client);
      }
      case 'second-half':
        return this.secondHalf(places.of(effect.client), effect.client);
      case 'undo':
        return this.undo(places.of(effect.client), effect.client);
      case 'begin-evaluation':
        return this.beginEvaluation(effect.round, effect.clients);
      default:
        return this.host.perform(effect);
    }
  }

  place(session: ClientSession, hello: Message<'hello'>) {
    session.holding = this.parts.holding(hello, this.state.phase === 'gathering' || this.shared.mixed);
    if (this.pool && hello.role === 'train') refuseWithout('pool', hello);
    session.client = hello.role === 'train' ? placeAmong(hello, this.state, this.host.places) : null;
    this.back(session);
    return this.parts.given(session.holding);
  }

  admitted(session: ClientSession): void {
    if (session.client === null) this.queries.show(session);
    else this.bottoms.arrive(session.client);
  }

  back({ holding }: ClientSession): void {
    if (holding.entry > 0) this.shared.mix();
  }

  checkReady(client: number, message: Message<'ready'>): void {
    refuseToPredict(message);
    this.parts.names.agree(client, message);
  }

  heard(session: ClientSession, message: Heard, rows: number): void {
    const client = session.client ?? -1;
    switch (message.type) {
      case 'smashed':
      case 'trained':
        session.waiting = { message, rows };
        return this.tell({ kind: 'step-arrived', client });
      case 'topGradient':
        if (session.halfDone) session.halfDone = { ...session.halfDone, gradient: message };
        return this.tell({ kind: 'gradient-arrived', client });
      case 'bottom':
        return this.upload(session, client, message);
      case 'query':
        return this.queries.ask(session, message);
      case 'evaluated':
        return this.queries.report(client, session.tested, message);
      default:
        session.refuse(new TandemError('BAD_STATE', `'${message.type}' came, and no rows are matched here`));
    }
  }

  forget(client: number): void {
    this.parts.names.forget(client);
  }

  /** Undoes a half step of a client that has left; its lane is free for others meanwhile. */
  left(session: ClientSession, client: number): void {
    if (!session.halfDone) return;
    this.undo(session, client);
    this.lanes.queueOf(client).add(() => this.tell({ kind: 'step-refused', client }));
  }

  async merge(): Promise<readonly number[]> {
    if (!this.pool || !this.state.turn?.sends) return this.shared.merge();
    return this.pool.teach(this.lanes.of(null), (progress) =>
      this.host.emit({ kind: 'pool', round: this.state.round, ...progress }),
    );
  }

  async snapshot(): Promise<RowsSnapshot> {
    const { state, bottoms, evaluations, parts, lanes, pool } = this;
    const quick = {
      run: snapshotRun(state),
      bottoms: bottoms.snapshot(),
      evaluations: evaluations.snapshot(),
      names: parts.names.snapshot(),
    };
    return { ...quick, ...(pool ? { pool: await pool.snapshot() } : {}), lanes: await lanes.snapshot() };
  }

  written({ pool = null }: RowsSnapshot): void {
    this.pool?.written(pool);
  }

  async restore(written: RowsSnapshot, replay: readonly number[]): Promise<void> {
    const { run, lanes, bottoms, evaluations, names, pool = null } = goneOnWith(written);
    this.pool?.restore(pool);
    await this.lanes.restore(lanes);
    this.bottoms.restore(bottoms);
    this.evaluations.goOn(evaluations as Parameters<typeof this.evaluations.goOn>[0]);
    if (names) this.parts.names.restore(names);
    this.state = restoreRun(this.state.settings, run, replay);
  }

  async trained(): Promise<TrainedSegments> {
    const { bottoms, lanes, placed } = this;
    const weights = inChainOrder(placed.placement, bottoms.weights, await lanes.weights());
    return { specs: placed.cut.specs, weights, held: bottoms.contents };
  }

  dispose(): void {
    this.lanes.dispose();
    this.pool?.dispose();
    this.shared.dispose();
  }

  private beginTurn({ round, work, sends = false }: RunEffect & { kind: 'begin-turn' }): void {
    const { host, bottoms } = this;
    if (sends) this.pool?.begin(round);
    host.training.start();
    host.emit({ kind: 'round-started', round, planned: this.planned });
    for (const { client, steps } of work)
      this.given(client, round)?.dispatch({
        kind: 'train',
        round,
        steps,
        withOptimizer: bottoms.handsOverOptimizer,
        sends,
      });
  }

  private beginEvaluation(round: number, clients: readonly number[]): void {
    const members = [...this.state.members.values()];
    this.evaluations.begin(members.reduce((sum, member) => sum + member.testSamples, 0));
    for (const client of clients) this.given(client, round)?.dispatch({ kind: 'evaluate', round, ahead: AHEAD });
  }

  /** The session in a place, once it was sent the bottom to go on from. */
  private given(client: number, round: number): ClientSession | undefined {
    const session = this.host.places.of(client);
    if (session) this.shared.give(session, client, round);
    return session;
  }

  private upload(session: ClientSession, client: number, message: Message<'bottom'>): void {
    try {
      const turned = { samples: session.turnSamples, steps: this.state.turn?.doneBy(client) ?? 0 };
      if (isAwaited(this.state, client)) this.bottoms.upload(client, message, turned, session.holding);
    } catch (error) {
      return session.refuse(asTandemError(error));
    }
    this.tell({ kind: 'bottom-uploaded', client });
  }

  /** Hands the step that waits at the session to its lane. */
  private takeStep(session: ClientSession | undefined, client: number): void {
    if (!session?.waiting) return;
    const { message, rows } = session.waiting;
    session.waiting = null;
    if (message.type === 'trained') return this.replies.report(session, client, message);
    if (this.pool) return this.replies.keep(session, client, message, rows);
    const { step, tensors, labels } = message;
    const kind = this.placed.placement.loss === 'client' ? 'first-half' : 'whole';
    const of = { client, given: session.given };
    this.ask(session, client, rows, { kind, step, tensors, labels, entry: session.holding.entry, of });
  }

  /** The backward pass of a half step. */
  private secondHalf(session: ClientSession | undefined, client: number): void {
    const { rows, gradient } = session?.halfDone ?? {};
    if (!session || rows === undefined || !gradient) return;
    session.halfDone = null;
    this.ask(session, client, rows, { ...gradient, kind: 'second-half', of: { client, given: session.given } });
  }

  /** The lane forgets the first half of a client's step. */
  private undo(session: ClientSession | undefined, client: number): void {
    if (session) session.halfDone = null;
    void this.lanes.of(client).take({ kind: 'undo' });
  }

  private ask(session: ClientSession, client: number, rows: number, request: LaneRequest): void {
    void this.lanes.of(client).take(request, (reply) => this.replies.pass(session, client, rows, reply));
  }
}
