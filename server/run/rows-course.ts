import { clientsInRound, resolveAggregation } from '../../shared/aggregation.js';
import { watchRule } from '../../shared/config.js';
import { asTandemError } from '../../shared/errors.js';
import { buildPlaced, type PlacedModel } from '../../shared/model/build.js';
import { judging } from '../../shared/model/judging.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Party } from '../session/party.js';
import type { StepRequest } from '../session/session-state.js';
import { placeAmong, refuseWithout } from './admission.js';
import type { Pool } from '../pool/pool.js';
import { poolOf } from '../pool/pool-of.js';
import { Bottoms, type BottomContents } from './bottoms.js';
import { inChainOrder } from './client-part.js';
import { ClientParts } from './client-parts.js';
import type { Course, CourseHost, TrainedSegments } from './course.js';
import { Evaluations } from './evaluations.js';
import { Lanes } from './lanes.js';
import { MergeTrial } from './merge-trial.js';
import { decidedByArrival, OrderLog } from './order-log.js';
import { plannedSteps } from './plan-round.js';
import type { RunHostOptions } from './run-host-options.js';
import { recordRun, restoreRun } from './run-record.js';
import { advanceRun, isAwaited, stoppedBy } from './run-reducer.js';
import { goneOnWith, type RowsSnapshot } from './run-snapshot.js';
import { initialRun, laneOf, type RunEffect, type RunInput, type RunState } from './run-state.js';
import { SharedSegments } from './shared-segments.js';
import { partPlan } from './part-plan.js';
import { Steps } from './steps.js';

/** Queries of a client under way at once: over a link with a long way to go, one at a time would wait for it each time. */
const AHEAD = 16;

/** The course of a run whose clients have rows of their own. */
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
  private readonly steps: Steps;
  /** Where smashed data travel once. */
  private readonly pool: Pool | undefined;
  /** What clients that only infer were given last. */
  private readonly shown = new WeakMap<Party, BottomContents>();

  private constructor(
    private readonly host: CourseHost<RunInput>,
    options: RunHostOptions,
    private readonly placed: PlacedModel,
    readonly lanes: Lanes,
  ) {
    const { task, settings, checkpoints } = options;
    const { schedule } = settings;
    const aggregation = resolveAggregation(settings.aggregation, clientsInRound(settings));
    this.state = initialRun({ ...settings, watch: watchRule(task, settings) });
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
    this.steps = new Steps(lanes, placed.placement.loss, host, this.pool);
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

  laneOf(client: number | null): number {
    return laneOf(this.state, client);
  }

  advance(input: RunInput): readonly RunEffect[] {
    return advanceRun(this.state, input);
  }

  perform(effect: RunEffect): void {
    const { places } = this.host;
    switch (effect.kind) {
      case 'begin-turn':
        return this.beginTurn(effect);
      case 'apply': {
        const party = places.of(effect.client);
        if (party) this.order?.note(effect.client, party.session);
        return this.steps.take(party, effect.client);
      }
      case 'second-half':
        return this.steps.secondHalf(places.of(effect.client), effect.client);
      case 'undo':
        return this.steps.undo(places.of(effect.client), effect.client);
      case 'begin-evaluation':
        return this.beginEvaluation(effect.round, effect.clients);
      default:
        return this.host.perform(effect);
    }
  }

  place(party: Party, hello: Message<'hello'>) {
    party.holding = this.parts.holding(hello, this.state.phase === 'gathering' || this.shared.mixed);
    if (this.pool && hello.role === 'train') refuseWithout('pool', hello);
    party.client = hello.role === 'train' ? placeAmong(hello, this.state, this.host.places) : null;
    this.back(party);
    return this.parts.given(party.holding);
  }

  admitted(party: Party): void {
    if (party.client === null) this.show(party);
    else this.bottoms.arrive(party.client);
  }

  back({ holding }: Party): void {
    if (holding.entry > 0) this.shared.mix();
  }

  checkReady(client: number, message: Message<'ready'>): void {
    this.parts.names.agree(client, message);
  }

  step(party: Party, message: StepRequest, rows: number): void {
    party.waiting = { message, rows };
    this.host.advance({ kind: 'step-arrived', client: party.client ?? -1 });
  }

  gradient(party: Party, message: Message<'topGradient'>): void {
    if (party.halfDone) party.halfDone = { ...party.halfDone, gradient: message };
    this.host.advance({ kind: 'gradient-arrived', client: party.client ?? -1 });
  }

  bottom(party: Party, message: Message<'bottom'>): void {
    try {
      const { client, turnSamples } = party;
      if (client !== null && isAwaited(this.state, client))
        this.bottoms.upload(client, message, turnSamples, party.holding);
    } catch (error) {
      return party.refuse(asTandemError(error));
    }
    this.host.advance({ kind: 'bottom-uploaded', client: party.client ?? -1 });
  }

  /** Answers test samples of an evaluation, or of a client that only infers. */
  query(party: Party, { id, tensors, labels }: Message<'query'>): void {
    const { client } = party;
    const samples = tensors[0]?.shape[0] ?? 0;
    if (client !== null) this.host.advance({ kind: 'queried', client, samples });
    // Its query came from bottoms that are not those of the top any more.
    else if (this.shown.get(party) !== this.bottoms.contents) return this.show(party);
    const answer = async () => {
      const lane = client === null ? await this.lanes.averaged() : this.lanes.of(client);
      const { outputs, loss } = await lane.predict(tensors, labels, party.holding.entry);
      if (client !== null) {
        if (this.state.evaluating.has(client)) this.evaluations.count(client, samples, labels, { outputs, loss });
        this.host.advance({ kind: 'predicted', client });
      }
      party.dispatch({ kind: 'predicted', message: { type: 'prediction', id, loss, tensors: outputs } });
    };
    this.host.onLane(client, answer, party);
  }

  evaluated(party: Party, message: Message<'evaluated'>): void {
    const client = party.client ?? -1;
    if (this.state.evaluating.has(client)) this.evaluations.report(client, party.tested, message);
    this.host.advance({ kind: 'evaluated', client });
  }

  forget(client: number): void {
    this.parts.names.forget(client);
  }

  left(party: Party, client: number): void {
    this.steps.left(party, client);
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
      run: recordRun(state),
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

  /** The party of a place, with what it goes on from. */
  private given(client: number, round: number): Party | undefined {
    const party = this.host.places.of(client);
    if (!this.bottoms.keeps(client)) party?.send(this.bottoms.message(round, party.holding));
    return party;
  }

  /** Gives a client that only infers the bottoms as they were last averaged. */
  private show(party: Party): void {
    this.shown.set(party, this.bottoms.contents);
    party.dispatch({ kind: 'weights', message: this.bottoms.message(this.state.round, party.holding) });
  }
}
