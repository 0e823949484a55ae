import { resolveAggregation } from '../../shared/aggregation.js';
import { earlyStoppingRule } from '../../shared/config.js';
import { asTandemError, TandemError } from '../../shared/errors.js';
import { sayDeparture, type Departure } from '../../shared/events.js';
import { buildPlaced, type PlacedModel } from '../../shared/model/build.js';
import { judging } from '../../shared/model/judging.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Course, CourseHost, CourseSnapshot, TrainedSegments } from '../run/course.js';
import { canBeWaitedOut } from '../run/failure.js';
import { Evaluations, type EvaluationsSnapshot } from '../run/evaluations.js';
import type { LaneQueue } from '../lane/lane.js';
import { Lanes, type LanesSnapshot } from '../lane/lanes.js';
import type { RunHostOptions } from '../run/run-host-options.js';
import type { ClientSession } from '../session/client-session.js';
import type { Heard } from '../session/session-state.js';
import { FusedTensors } from './fused-tensors.js';
import { partyAmong, refuseLateness } from './joint-admission.js';
import { JointEvaluation, type JointEvaluationSnapshot } from './joint-evaluation.js';
import { rowsOfBatch } from './joint-members.js';
import { advanceJoint, plannedJoint, rowsOfStep, stoppedBy } from './joint-reducer.js';
import {
  activeOf,
  initialJoint,
  isNeeded,
  partyName,
  snapshotJoint,
  restoreJoint,
  type JointEffect,
  type JointInput,
  type JointSnapshot,
  type JointState,
} from './joint-state.js';
import { checkRows, JointSteps } from './joint-steps.js';
import { PartyBottoms, type PartyBottomsSnapshot } from './party-bottoms.js';
import { largestOf, partyParts, type PartyPart } from './party-parts.js';
import { noPrediction, PartyPreviews } from './party-previews.js';
import { partyPlaces } from './party-places.js';
import { PartyWork } from './party-work.js';
import { checkCounts, otherRows } from './row-counts.js';
import { RowMatching } from './row-matching.js';
import { undividedSegments } from './undivided-segments.js';

interface VerticalSnapshot extends CourseSnapshot {
  readonly run: JointSnapshot;
  readonly lanes: LanesSnapshot;
  readonly bottoms: PartyBottomsSnapshot;
  readonly evaluations: EvaluationsSnapshot<PartyBottoms['contents']>;
  readonly tests: JointEvaluationSnapshot;
}

/** The course of a run whose parties have features of their own, and take every step together: the shell of joint-reducer.ts. */
export class VerticalCourse implements Course {
  state: JointState;
  readonly maxMessageBytes: number;
  readonly plan = null;
  readonly parties;
  // A session's rules depend on which party it is, which its hello says.
  readonly rules = { contract: { tensors: [], labels: [], maxRows: 1 } };
  readonly evaluations: Evaluations<PartyBottoms['contents']>;
  private readonly bottoms: PartyBottoms;
  private readonly steps: JointSteps;
  private readonly tests: JointEvaluation;
  private readonly previews: PartyPreviews;
  private readonly work: PartyWork;
  /** Undefined where the parties' rows are in the common order already. */
  private readonly rows: RowMatching | undefined;

  private constructor(
    private readonly host: CourseHost,
    { task, settings }: RunHostOptions,
    private readonly placed: PlacedModel,
    private readonly parts: readonly PartyPart[],
    readonly lanes: Lanes,
  ) {
    const { cut, placement } = placed;
    const earlyStopping = earlyStoppingRule(task, settings);
    this.state = initialJoint({ ...settings, parties: settings.clients, earlyStopping });
    this.maxMessageBytes = largestOf(parts);
    [this.bottoms, this.previews] = [new PartyBottoms(parts), new PartyPreviews(parts)];
    this.work = new PartyWork(this.bottoms, host);
    this.parties = settings.aligned ? partyPlaces(task, parts, placed, settings) : undefined;
    const tell = (input: JointInput) => this.tell(input);
    if (!settings.aligned) this.rows = new RowMatching(settings.clients, this.maxMessageBytes, host, tell);
    const { kind, said } = judging(task, cut, placement.loss);
    host.emit(said);
    const judged = { kind, areReports: placement.loss === 'client' };
    const emit = host.emit.bind(host);
    this.evaluations = new Evaluations(task, judged, lanes, this.bottoms, host.places, emit);
    const outputs = parts.map((part) => part.outputs);
    const tensors = new FusedTensors(cut.specs[0]?.outputs ?? [], outputs);
    const [lane, active] = [lanes.of(null), activeOf(this.state.settings)];
    this.steps = new JointSteps(lane, tensors, judged.areReports, active, host, tell);
    this.tests = new JointEvaluation(lane, tensors, active, this.evaluations, host, tell);
  }

  /** Builds, cuts and splits the task's model. Throws BAD_CUT, BAD_OPTION and the like before anything listens. */
  static async prepare(options: RunHostOptions): Promise<(host: CourseHost) => VerticalCourse> {
    const { task, settings, engine } = options;
    const placed = await buildPlaced(task, settings);
    const { cut, placement } = placed;
    const parts = await partyParts(task, cut, placement, settings);
    const aggregation = resolveAggregation(settings.aggregation, settings.clients);
    const segments = { ...settings, task, cut, held: placement.server, engine, aggregation };
    const lanes = await Lanes.create(settings.schedule, settings.clients, segments);
    return (host) => new VerticalCourse(host, options, placed, parts, lanes);
  }

  get planned(): number {
    return plannedJoint(this.state);
  }

  get stopped() {
    return stoppedBy(this.state);
  }

  intakesOf(client: number | null): LaneQueue {
    return this.lanes.queueOf(client);
  }

  advance(input: JointInput): readonly JointEffect[] {
    return advanceJoint(this.state, input);
  }

  /** Gives the reducer an event, and performs the effects. */
  tell(input: JointInput): void {
    for (const effect of advanceJoint(this.state, input)) this.perform(effect);
  }

  perform(effect: JointEffect): void {
    switch (effect.kind) {
      case 'train':
        return this.train(effect);
      case 'apply':
        return this.steps.take({ ...effect, rows: rowsOfStep(this.state, effect.step) });
      case 'begin-evaluation':
        this.tests.begin(this.state.testRows);
        return this.work.ask(effect, false);
      case 'evaluate':
        return this.work.ask({ round: effect.round, clients: [effect.client] }, false);
      case 'predict':
        return this.tests.take(effect, rowsOfBatch(this.state, effect.batch), this.state.phase === 'evaluating');
      case 'recall':
        return this.lanes.work.add(() => this.recall());
      case 'begin-predicting':
        return this.work.ask(effect, true);
      case 'tell-predicted':
        return this.host.emit({ kind: 'predicted', rows: effect.rows, of: effect.of });
      case 'turn-away':
        return this.host.places.of(effect.client)?.refuse(otherRows(effect, this.nameOf(effect.client)));
      case 'pass-over':
        return this.tests.passOver(effect.client, effect.batch);
      default:
        return this.host.perform(effect);
    }
  }

  place(party: ClientSession, hello: Message<'hello'>) {
    const { phase, settings } = this.state;
    if (hello.role === 'infer') return this.previews.begin(party, hello);
    refuseLateness(phase === 'finished', this.areMatched && !this.parts.some((_, party) => this.isMissing(party)));
    const place = partyAmong(hello, settings.parties, this.host.places);
    const part = this.parts[place];
    if (!part) throw new TandemError('INTERNAL', `there is no part for party ${place}`);
    party.client = place;
    return part;
  }

  admitted(party: ClientSession): void {
    const { client } = party;
    if (client === null) return this.previews.show(party);
    this.bottoms.arrive(client);
    if (this.rows?.begun) this.rows.came(client);
    else if (this.host.places.taken.size === this.state.settings.parties) this.rows?.begin();
  }

  checkReady(client: number, own: Message<'ready'>): void {
    this.rows?.expectMatched(client);
    checkCounts({ ...own, toPredict: own.toPredict ?? 0 }, this.state, this.nameOf(client));
  }

  heard(party: ClientSession, message: Heard, rows: number): void {
    let input;
    try {
      input = this.hear(party, party.client ?? -1, message, rows);
    } catch (error) {
      return party.refuse(asTandemError(error));
    }
    if (input) this.tell(input);
  }

  forget(): void {
    // A place has nothing of its own before the run begins.
  }

  left(_session: ClientSession, client: number, why: Departure): void {
    // Its rows were not used yet: the client that takes its place is asked for its own.
    if (this.rows?.awaits(client)) return;
    this.rows?.left(client, sayDeparture(why));
    this.steps.left(client);
    this.tests.left(client);
    // Its rows were matched with the others', so no other client can take its place.
    if (this.areMatched && isNeeded(this.state, client))
      this.host.failed(new TandemError('NO_CLIENTS', `party ${this.nameOf(client)} ${sayDeparture(why)}`));
  }

  /** Each party keeps its own bottom, so there is nothing to aggregate. */
  merge(): Promise<readonly number[]> {
    return Promise.resolve([]);
  }

  async snapshot(): Promise<VerticalSnapshot> {
    const { state, bottoms, evaluations, tests, lanes } = this;
    // Read at once, before waiting for the lanes.
    const own = { bottoms: bottoms.snapshot(), evaluations: evaluations.snapshot(), tests: tests.snapshot() };
    return { run: snapshotJoint(state), ...own, lanes: await lanes.snapshot() };
  }

  async restore(written: VerticalSnapshot): Promise<void> {
    const { run, lanes, bottoms, evaluations, tests } = written;
    await this.lanes.restore(lanes);
    this.bottoms.restore(bottoms);
    this.evaluations.goOn(evaluations);
    this.tests.restore(canBeWaitedOut(written) ? { ...tests, queries: [] } : tests);
    this.state = restoreJoint(this.state.settings, run);
  }

  async trained(): Promise<TrainedSegments> {
    return undividedSegments(this.placed, this.bottoms, await this.lanes.weights());
  }

  dispose(): void {
    this.lanes.dispose();
  }

  /** Whether the matching waits for a party whose place is free. */
  private isMissing(party: number): boolean {
    return this.rows?.awaits(party) === true && !this.host.places.taken.has(party);
  }

  /** Whether the matching of rows by id has begun. */
  private get areMatched(): boolean {
    return this.rows !== undefined && (this.rows.begun || this.state.phase !== 'gathering');
  }

  private nameOf(client: number | null): string {
    return partyName(this.state, client);
  }

  /** Takes a party's message. Returns the event for the reducer; throws the refusal of a wrong message. */
  private hear(party: ClientSession, client: number, message: Heard, rows: number): JointInput | undefined {
    if (party.client === null) throw noPrediction();
    switch (message.type) {
      case 'points':
      case 'aligned':
        if (!this.rows) throw new TandemError('BAD_STATE', `'${message.type}' came, and rows are in order already`);
        this.rows.receive(client, message);
        return undefined;
      case 'smashed':
      case 'trained':
        this.checkPart(client, rows, rowsOfStep(this.state, message.step), `step ${message.step}`);
        party.waiting = { message, rows };
        return { kind: 'step-arrived', client };
      case 'topGradient':
        this.steps.gradient(message);
        return undefined;
      case 'bottom':
        this.bottoms.take(client, message);
        return { kind: 'bottom-uploaded', client };
      case 'query':
        this.checkPart(client, rows, rowsOfBatch(this.state, message.id), `test batch ${message.id}`);
        this.tests.keep(client, message, this.state.batches + Number(this.state.current !== null));
        return { kind: 'queried', client, batch: message.id };
      case 'evaluated':
        this.tests.report(message);
        return { kind: 'evaluated', client };
    }
  }

  private checkPart(client: number, rows: number, expected: number, what: string): void {
    checkRows(rows, expected, `the part of party ${this.nameOf(client)} of ${what}`);
  }

  private train(effect: JointEffect & { kind: 'train' }): void {
    if (effect.clients.length > 1) {
      this.host.training.start();
      this.host.emit({ kind: 'round-started', round: effect.round, planned: this.planned });
    }
    this.work.train(effect);
  }

  /** Goes back to the final model, with lanes and parties alike. */
  private async recall(): Promise<void> {
    const { evaluations, state } = this;
    evaluations.over();
    await evaluations.restore();
    if (state.earlyStopping.best && state.earlyStopping.best.round !== state.round) this.bottoms.recall();
    this.tell({ kind: 'recalled' });
  }
}
